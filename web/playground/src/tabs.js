// The tabs a new visitor finds, in the order of a first walk: the operations that the tests of the api try.
import complete from "../operations/complete.graphql";
import create from "../operations/create.graphql";
import events from "../operations/events.graphql";
import follow from "../operations/follow.graphql";
import list from "../operations/list.graphql";
import liveProfile from "../operations/live-profile.graphql";
import profile from "../operations/profile.graphql";
import resume from "../operations/resume.graphql";
import upload from "../operations/upload.graphql";

export const tabs = [
  { query: list },
  { query: upload, variables: json({ name: "customers.csv", sizeBytes: 1024, key: "my-first-upload" }) },
  { query: complete, variables: json({ uploadId: "up_…" }) },
  { query: create, variables: json({ fileId: "file_…", key: "my-first-inspection" }) },
  { query: follow, variables: json({ id: "insp_…" }) },
  { query: resume, variables: json({ id: "insp_…", after: "0" }) },
  { query: profile, variables: json({ id: "insp_…" }) },
  { query: liveProfile, variables: json({ id: "insp_…" }) },
  { query: events, variables: json({ id: "insp_…" }) },
];

function json(value) {
  return JSON.stringify(value, null, 2);
}
