// Hostile requests over HTTP, WebSocket and server-sent events: each is refused, and the program lives.
// Usage: node hostile.mjs URL [PID]. With its PID, also what each costs: milliseconds of CPU, the mean of some rounds.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import WebSocket from "ws";
import { ask } from "./api.mjs";
import { requests } from "./hostile-requests.mjs";

const [url, pid] = process.argv.slice(2);
const ROUNDS = pid ? 20 : 1;

// Whether an answer holds anything that was asked for.
const isRefused = ({ data, errors }) => errors?.length > 0 && (data ?? null) === null;

const transports = {
  async HTTP(body) {
    const headers = { "content-type": "application/json", accept: "application/graphql-response+json" };
    const response = await fetch(`${url}/graphql`, { method: "POST", headers, body });
    return isRefused(await response.json());
  },
  async SSE(body) {
    const headers = { "content-type": "application/json", accept: "text/event-stream" };
    const response = await fetch(`${url}/graphql/stream`, { method: "POST", headers, body });
    const text = await response.text();
    if (!response.headers.get("content-type").startsWith("text/event-stream")) return isRefused(JSON.parse(text));
    const answers = [...text.matchAll(/^data: (.+)$/gm)].map(([, data]) => JSON.parse(data));
    return answers.length === 1 && isRefused(answers[0]);
  },
  // A message that is too large (1006: the client did not read the reason), or none, ends the socket; anything else
  // ends the operation.
  WebSocket(body) {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`${url.replace("http", "ws")}/graphql/ws`, "graphql-transport-ws");
      socket.on("open", () => socket.send('{"type":"connection_init"}'));
      socket.on("error", reject);
      socket.on("close", (code) => resolve([1006, 1009, 4400].includes(code)));
      socket.on("message", (data) => {
        const { type, payload } = JSON.parse(data);
        if (type === "connection_ack") return socket.send(`{"id":"1","type":"subscribe","payload":${body}}`);
        resolve(type === "error" || (type === "next" && isRefused(payload)));
        socket.close();
      });
    });
  },
};

// Of all threads of the program, in milliseconds.
async function cpu() {
  const threads = await readdir(`/proc/${pid}/task`);
  const times = threads.map(async (thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8"));
  return (await Promise.all(times)).reduce((sum, text) => sum + Number(text.split(" ")[0]), 0) / 1e6;
}

// A verdict is kept by the hash of its document: each time another one is sent, as a stranger would.
let times = 0;
const anew = (body) => body.replace(/^{"query":"/, `{"query":"${"\\t".repeat(times & 31)}${" ".repeat(times++ >> 5)}`);

if (pid) console.log(`| request | ${Object.keys(transports).join(" | ")} |\n|---|${"---:|".repeat(3)}`);
for (const [name, body] of Object.entries(requests)) {
  const costs = [];
  for (const [transport, send] of Object.entries(transports)) {
    const before = pid && (await cpu());
    for (let round = 0; round < ROUNDS; round++) assert(await send(anew(body)), `${name} over ${transport}`);
    costs.push(pid && (((await cpu()) - before) / ROUNDS).toFixed(2));
  }
  if (pid) console.log(`| ${name} | ${costs.join(" | ")} |`);
}
const { serverInfo } = await ask(url, "{ serverInfo { version } }");
assert(serverInfo.version);
if (!pid) console.log(`${Object.keys(requests).length} hostile requests are refused over each of three transports`);
