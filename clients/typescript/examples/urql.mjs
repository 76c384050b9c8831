import { cacheExchange, createClient, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient as createSocket } from "graphql-ws";

const url = process.env.DATA_INSPECTOR_URL ?? "http://127.0.0.1:8080";
const socket = createSocket({ url: `${url.replace(/^http/, "ws")}/graphql/ws` });
const client = createClient({
  url: `${url}/graphql`,
  preferGetMethod: false,
  exchanges: [
    cacheExchange,
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query, variables }) => ({
        subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query: query ?? "", variables }, sink) }),
      }),
    }),
  ],
});

const { data, error } = await client.query("{ inspections(first: 1) { nodes { id } } }", {}).toPromise();
if (error) throw error;
const events = `subscription ($id: ID!) {
  inspectionEvents(id: $id, after: "0") { ... on StateChanged { seq to } }
}`;
await new Promise((resolve, reject) => {
  client.subscription(events, { id: data.inspections.nodes[0].id }).subscribe(({ data, error }) => {
    if (error) return reject(error);
    const { seq, to } = data.inspectionEvents;
    if (to) console.log(seq, to);
    if (to === "SUCCEEDED") resolve();
  });
});
await socket.dispose();
