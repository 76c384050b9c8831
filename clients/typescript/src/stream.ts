import { dataOf, post, type Server } from "./api.js";

// The server says something every 12 seconds; after this long without a byte the connection is taken for dead.
const SILENCE_MS = 40_000;

/** The answers of a subscription over server-sent events; returns once the server has said that it is complete. */
export async function* subscribe<D>(
  server: Server,
  query: string,
  variables: object,
  signal: AbortSignal,
): AsyncGenerator<D> {
  const connection = new AbortController();
  const stop = () => connection.abort(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  let timer = setTimeout(() => connection.abort(new Error("the server is silent")), SILENCE_MS);
  try {
    const response = await post(server, "/graphql/stream", "text/event-stream", { query, variables }, connection.signal);
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
      dataOf((await response.json()) as object);
    }
    if (!response.body) throw new Error("the response has no body");
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ; ) {
      const { done, value } = await reader.read();
      if (done) throw new Error("the connection ended");
      clearTimeout(timer);
      timer = setTimeout(() => connection.abort(new Error("the server is silent")), SILENCE_MS);
      const events = (text + value).split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) {
        const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(event)?.[1];
        if (field("event") === "complete") return;
        if (field("event") === "next") yield dataOf(JSON.parse(field("data") ?? "null") as object) as D;
      }
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    connection.abort();
  }
}
