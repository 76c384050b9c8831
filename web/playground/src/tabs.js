// The tabs a new visitor finds, in the order of a first walk.
import upload from "./operations/1-upload.graphql";
import create from "./operations/2-create-inspection.graphql";
import follow from "./operations/3-follow.graphql";
import resume from "./operations/4-resume.graphql";
import profile from "./operations/5-profile.graphql";
import list from "./operations/0-what-is-there.graphql";

export const tabs = [
  { query: list },
  {
    query: upload,
    variables: json({ input: { name: "customers.csv", sizeBytes: 1024, idempotencyKey: "my-first-upload" } }),
  },
  { query: create, variables: json({ input: { fileId: "file_…", idempotencyKey: "my-first-inspection" } }) },
  { query: follow, variables: json({ id: "insp_…" }) },
  { query: resume, variables: json({ id: "insp_…", after: "0" }) },
  { query: profile, variables: json({ id: "insp_…" }) },
];

function json(value) {
  return JSON.stringify(value, null, 2);
}
