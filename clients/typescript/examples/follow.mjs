import { ask, followInspection } from "data-inspector-client";

const server = { url: process.env.DATA_INSPECTOR_URL ?? "http://127.0.0.1:8080" };
const newest = "{ inspections(first: 1) { nodes { id } } }";
const { inspections } = await ask(server, newest, {}, AbortSignal.timeout(10_000));

for await (const item of followInspection(server, inspections.nodes[0].id, { after: "0" })) {
  if (item.__typename === "StateChanged") console.log(item.seq, item.to);
}
