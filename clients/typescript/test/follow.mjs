// followInspection against the real program, over lines that break. Usage: node test/follow.mjs URL.
import assert from "node:assert/strict";
import { ask, followInspection, RefusedError } from "../dist/index.js";

const url = process.argv[2];
const patience = () => AbortSignal.timeout(60_000);
const EVENTS = "query ($id: ID!) { inspection(id: $id) { events(first: 100) { nodes { seq cursor } } } }";
const { inspections } = await ask({ url }, "{ inspections(first: 1) { nodes { id } } }", {}, patience());
const [{ id }] = inspections.nodes;
const { inspection } = await ask({ url }, EVENTS, { id }, patience());
const all = inspection.events.nodes.map(({ seq }) => seq);
assert(all.length > 5);

async function follow(server, options) {
  const seen = [];
  for await (const item of followInspection(server, id, { signal: patience(), ...options })) seen.push(item);
  return seen;
}

const numbers = (items) => items.filter((item) => "seq" in item).map(({ seq }) => seq);
const isStream = (input) => String(input).endsWith("/graphql/stream");

// From the first event, from one in between, and from where things stand.
assert.deepEqual(numbers(await follow({ url }, { after: "0" })), all);
const middle = inspection.events.nodes[3];
assert.deepEqual(numbers(await follow({ url }, { after: middle.cursor })), all.slice(4));
const standing = await follow({ url }, {});
assert.deepEqual([standing[0].__typename, standing[0].inspection.state], ["Snapshot", "SUCCEEDED"]);

// Each connection is cut in the middle of its third event; the server is asked for the rest.
let cuts = 0;
async function cutting(input, init) {
  const response = await fetch(input, init);
  if (!isStream(input)) return response;
  let events = 0;
  const cut = new TransformStream({
    transform(chunk, controller) {
      const text = new TextDecoder().decode(chunk);
      const at = [...text.matchAll(/event: next/g)].map(({ index }) => index)[Math.max(0, 2 - events)];
      events += text.split("event: next").length - 1;
      if (at === undefined) return controller.enqueue(chunk);
      cuts += 1;
      controller.enqueue(new TextEncoder().encode(text.slice(0, at + 20)));
      controller.error(new TypeError("the line broke"));
    },
  });
  return new Response(response.body.pipeThrough(cut), response);
}
assert.deepEqual(numbers(await follow({ url, fetch: cutting }, { after: "0" })), all);
assert(cuts > 2, `${cuts} cuts`);

// Everything comes twice.
async function doubling(input, init) {
  const response = await fetch(input, init);
  if (!isStream(input)) return response;
  const text = await response.text();
  const twice = text.replace(/id: .*\nevent: next\ndata: .*\n\n/g, (event) => event + event);
  return new Response(twice, response);
}
assert.deepEqual(numbers(await follow({ url, fetch: doubling }, { after: "0" })), all);

// No stream comes through: it polls.
const reasons = [];
async function without(input, init) {
  if (isStream(input)) throw new TypeError("a proxy is in the way");
  return fetch(input, init);
}
const options = { after: "0", pollMs: 10, streamAttempts: 2, onReconnect: (reason) => reasons.push(reason.message) };
assert.deepEqual(numbers(await follow({ url, fetch: without }, options)), all);
assert.deepEqual(reasons, ["a proxy is in the way", "a proxy is in the way"]);
const polled = await follow({ url }, { streamAttempts: 0 });
assert.deepEqual(polled.map(({ __typename }) => __typename), ["Snapshot"]);

// What does not help is not tried again, and whoever wants it to end ends it.
const unknown = followInspection({ url }, "insp_01KAYEQQ3VFN7B0VH5JYX0JJ7Q", { signal: patience() });
await assert.rejects(unknown.next(), (error) => error instanceof RefusedError && error.code === "NOT_FOUND");
const wrongToken = followInspection({ url, token: "di_0" }, id, { signal: patience() });
await assert.rejects(wrongToken.next(), (error) => error instanceof RefusedError && error.code === "UNAUTHENTICATED");
const stopped = followInspection({ url }, id, { signal: AbortSignal.abort() });
await assert.rejects(stopped.next(), { name: "AbortError" });
console.log(`followInspection: ${all.length} events, each once and in order, over ${cuts} cuts, doubled, and polled`);
