import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { createClient as createSocket } from "graphql-ws";

const url = process.env.DATA_INSPECTOR_URL ?? "http://127.0.0.1:8080";
const socket = createSocket({ url: `${url.replace(/^http/, "ws")}/graphql/ws` });
const client = new ApolloClient({
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new HttpLink({ uri: `${url}/graphql` }),
  ),
  cache: new InMemoryCache(),
});

const { data } = await client.query({ query: gql`{ inspections(first: 1) { nodes { id } } }` });
const query = gql`
  subscription ($id: ID!) {
    inspectionEvents(id: $id, after: "0") { ... on StateChanged { seq to } }
  }
`;
await new Promise((resolve, reject) => {
  client.subscribe({ query, variables: { id: data.inspections.nodes[0].id } }).subscribe({
    next({ data, error }) {
      if (error) return reject(error);
      const { seq, to } = data.inspectionEvents;
      if (to) console.log(seq, to);
    },
    complete: resolve,
    error: reject,
  });
});
await socket.dispose();
