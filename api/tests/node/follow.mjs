// graphql-ws and graphql-sse follow an inspection of the real program while it runs. Usage: node follow.mjs URL.
import assert from "node:assert/strict";
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createWsClient } from "graphql-ws";
import WebSocket from "ws";
import { announceAndInspect, ask } from "./api.mjs";

const url = process.argv[2];
const EVENT = "__typename ... on InspectionEvent { cursor seq } ... on StateChanged { to }";
const clients = {
  ws: createWsClient({ url: `${url.replace("http", "ws")}/graphql/ws`, webSocketImpl: WebSocket }),
  sse: createSseClient({ url: `${url}/graphql/stream` }),
};

const { inspectionId: id, send } = await announceAndInspect(url, "followed.csv", "id,name\n1,a\n2,b\n");

// Events, and beside them what is no event and may come or not.
async function follow(client) {
  const query = `subscription ($id: ID!) { inspectionEvents(id: $id, after: "0") { ${EVENT} } }`;
  const events = [];
  for await (const { data, errors, extensions } of client.iterate({ query, variables: { id } })) {
    assert.equal(errors, undefined);
    if (!data.inspectionEvents.seq) continue;
    assert.equal(extensions.cursor, data.inspectionEvents.cursor);
    events.push(data.inspectionEvents);
    if (events.length === 1 && ++following === 2) await send();
  }
  return events;
}

let following = 0;
const [overWs, overSse] = await Promise.all([follow(clients.ws), follow(clients.sse)]);
const query = `query ($id: ID!) { inspection(id: $id) { events(first: 100) { nodes { ${EVENT} } } } }`;
const { inspection } = await ask(url, query, { id });
assert.deepEqual(overWs, inspection.events.nodes, "what is followed is what is read");
assert.deepEqual(overSse, overWs, "both transports say the same");
assert.equal(overWs.at(-1).to, "SUCCEEDED");
assert.deepEqual(overWs.map(({ seq }) => seq), overWs.map((_, index) => index + 1));
await Promise.all([clients.ws.dispose(), clients.sse.dispose()]);
console.log(`ws and sse: ${overWs.length} events of a running inspection, each once and in order`);
