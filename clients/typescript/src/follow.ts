import { ask, RefusedError, type Server } from "./api.js";
import type { FollowInspectionSubscription, PollInspectionQuery } from "./generated.js";
import { FOLLOW, POLL } from "./operations.js";
import { subscribe } from "./stream.js";

type Message = FollowInspectionSubscription["inspectionEvents"];

/** What comes while an inspection is followed. Connections and their signs of life are not a part of it. */
export type Followed = Exclude<Message, { __typename: "KeepAlive" | "GoAway" }>;

export interface FollowOptions {
  /** The last cursor you have, or `"0"` for every event there was. Without one, where things stand comes first. */
  after?: string;
  /** Ends it. */
  signal?: AbortSignal;
  /** Connections in a row that may fail before it polls for a while. 0: it only polls. */
  streamAttempts?: number;
  /** Between two polls. */
  pollMs?: number;
  /** Told of each connection that was lost, and why. */
  onReconnect?: (reason: unknown) => void;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
// Then it tries to stream again.
const POLLS = 15;

/** Where we are: the position, and the number of the last event that was handed out. */
interface Place {
  after: string | undefined;
  seq: number;
}

/**
 * Every event of an inspection, once and in order, until it has ended; between them the newest progress. A broken
 * connection is made again from the last cursor; where none lives, it polls. Throws a `RefusedError` when the server
 * says that trying again does not help.
 */
export async function* followInspection(
  server: Server,
  id: string,
  options: FollowOptions = {},
): AsyncGenerator<Followed, void, undefined> {
  const { streamAttempts = 3, pollMs = 2_000, signal = new AbortController().signal } = options;
  const place: Place = { after: options.after, seq: 0 };
  for (let failures = 0; ; ) {
    signal.throwIfAborted();
    try {
      if (failures < streamAttempts) {
        for await (const message of stream(server, id, place, signal)) {
          failures = 0;
          yield message;
        }
      } else {
        const hasEnded = yield* poll(server, id, place, pollMs, signal);
        if (!hasEnded) failures = Math.max(0, streamAttempts - 1);
        if (!hasEnded) continue;
      }
      return;
    } catch (reason) {
      if (reason instanceof RefusedError || signal.aborted) throw reason;
      failures += 1;
      options.onReconnect?.(reason);
      const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
      await pause(longest * (0.5 + Math.random() / 2), signal);
    }
  }
}

/** What is new since the place, over one connection; returns when the inspection has ended. */
async function* stream(server: Server, id: string, place: Place, signal: AbortSignal): AsyncGenerator<Followed> {
  const variables = { id, after: place.after };
  let goAway: string | undefined;
  for await (const answer of subscribe<FollowInspectionSubscription>(server, FOLLOW, variables, signal)) {
    const message = answer.inspectionEvents;
    if (message.__typename === "GoAway") goAway = message.goAwayReason;
    if (message.__typename === "KeepAlive" || message.__typename === "GoAway") continue;
    if (isNew(message, place)) yield message;
  }
  if (goAway) throw new Error(`the server sent us away: ${goAway}`);
}

/** The same by asking; returns whether the inspection has ended, or `false` when it is time to try a stream. */
async function* poll(
  server: Server,
  id: string,
  place: Place,
  pollMs: number,
  signal: AbortSignal,
): AsyncGenerator<Followed, boolean> {
  for (let polls = 0; polls < POLLS; polls++) {
    if (polls > 0) await pause(pollMs, signal);
    for (let hasMore = true; hasMore; ) {
      const after = place.after;
      const { inspection } = await ask<PollInspectionQuery>(server, POLL, { id, after }, signal);
      if (!inspection) throw new RefusedError("NOT_FOUND", "no such inspection");
      const { events, hasEnded, cursor, ...standing } = inspection;
      if (after === undefined) {
        place.after = cursor;
        yield { __typename: "Snapshot", cursor, inspection: standing };
        if (hasEnded) return true;
        break;
      }
      for (const event of events.nodes) if (isNew(event, place)) yield event;
      hasMore = events.pageInfo.hasNextPage;
      if (!hasMore && hasEnded && place.after === cursor) return true;
    }
  }
  return false;
}

/** Whether a message has not been handed out yet; then it is what we have. */
function isNew(message: Followed, place: Place): boolean {
  if ("seq" in message) {
    if (message.seq <= place.seq) return false;
    place.seq = message.seq;
  }
  place.after = message.cursor;
  return true;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => (clearTimeout(timer), reject(signal.reason as Error));
    const timer = setTimeout(() => (signal.removeEventListener("abort", stop), resolve()), ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
