// graphql-ws and graphql-sse against the server of the tests. Usage: node clients.mjs URL.
import assert from "node:assert/strict";
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createWsClient } from "graphql-ws";
import WebSocket from "ws";

const url = process.argv[2];
const ws = createWsClient({ url: `${url.replace("http", "ws")}/ws`, webSocketImpl: WebSocket });
const sse = createSseClient({ url: `${url}/stream` });

async function all(client, query, variables) {
  const seen = [];
  for await (const result of client.iterate({ query, variables })) seen.push(result);
  return seen;
}

for (const [name, client] of Object.entries({ ws, sse })) {
  const ticks = await all(client, "subscription S($to: Int!) { ticks(to: $to) { number cursor } }", { to: 100 });
  assert.deepEqual(ticks.map((result) => result.data.ticks.number), Array.from({ length: 100 }, (_, i) => i + 1));
  assert.equal(ticks.at(-1).extensions.cursor, "100");
  assert.deepEqual(await all(client, "{ hello }"), [{ data: { hello: "Hello world" } }]);
  // One that is left early does not disturb the next.
  for await (const result of client.iterate({ query: "subscription { quiet }" })) {
    assert.equal(result.data.quiet, 1);
    break;
  }
  assert.deepEqual(await all(client, "{ hello }"), [{ data: { hello: "Hello world" } }]);
  console.log(`${name}: subscriptions, queries and early returns work`);
}

await assert.rejects(all(ws, "{ unknown }"), (errors) => errors[0].extensions.code === "GRAPHQL_VALIDATION_FAILED");
const [refused] = await all(sse, "{ unknown }");
assert.equal(refused.errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
await Promise.all([ws.dispose(), sse.dispose()]);
console.log("errors arrive where the clients look for them");
