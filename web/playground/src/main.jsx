import "graphiql/style.css";
import "./playground.css";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createClient } from "graphql-ws";
import { useState } from "react";
import { createRoot } from "react-dom/client";
import { tabs } from "./tabs.js";

const WORKERS = { json: "json", graphql: "graphql" };

globalThis.MonacoEnvironment = {
  getWorker: (_, label) => new Worker(`/playground/${WORKERS[label] ?? "editor"}.worker.js`),
};

const TOKEN_KEY = "data-inspector:token";
const url = new URL("/graphql", location.href);
const socketUrl = new URL("/graphql/ws", location.href.replace(/^http/, "ws"));

function authorization() {
  const token = sessionStorage.getItem(TOKEN_KEY);
  return token ? { authorization: `Bearer ${token}` } : {};
}

// One socket for all tabs; it says who we are when it is opened, and is opened when it is needed.
const socket = createClient({ url: socketUrl.href, connectionParams: authorization, lazy: true });

const fetcher = createGraphiQLFetcher({
  url: url.href,
  wsClient: socket,
  fetch: (input, init) => fetch(input, { ...init, headers: { ...authorization(), ...init.headers } }),
});

function Token() {
  const [token, setToken] = useState(sessionStorage.getItem(TOKEN_KEY) ?? "");
  const change = (event) => {
    setToken(event.target.value.trim());
    sessionStorage.setItem(TOKEN_KEY, event.target.value.trim());
    // The next subscription introduces itself anew.
    socket.terminate();
  };
  return (
    <label className="token">
      Token
      <input
        type="password"
        autoComplete="off"
        placeholder="none needed on this machine"
        value={token}
        onChange={change}
      />
    </label>
  );
}

function Playground() {
  return (
    <GraphiQL fetcher={fetcher} defaultTabs={tabs} shouldPersistHeaders defaultEditorToolsVisibility="variables">
      <GraphiQL.Logo>
        <span className="logo">Data Inspector</span>
        <Token />
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

createRoot(document.getElementById("playground")).render(<Playground />);
