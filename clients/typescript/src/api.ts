/** Where the server is, and who is calling. */
export interface Server {
  /** Such as `https://inspector.example.com`. */
  url: string;
  /** A token, `di_…`; none is needed on the machine itself. */
  token?: string;
  /** Instead of the global one. */
  fetch?: typeof fetch;
}

/** What a server says instead of an answer. Trying again does not help. */
export class RefusedError extends Error {
  /** `extensions.code`, such as `NOT_FOUND` or `UNAUTHENTICATED`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "RefusedError";
    this.code = code;
  }
}

interface Answer<D> {
  data?: D | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

// These pass by themselves.
const PASSING = new Set(["INTERNAL", "RATE_LIMITED", "TIMEOUT", "UNAVAILABLE"]);

/** The data of an answer. Errors that pass are plain errors, others a `RefusedError`. */
export function dataOf<D>({ data, errors }: Answer<D>): D {
  const error = errors?.[0];
  if (error) {
    const code = error.extensions?.code ?? "INTERNAL";
    throw PASSING.has(code) ? new Error(error.message) : new RefusedError(code, error.message);
  }
  if (!data) throw new Error("the server answered without data");
  return data;
}

/** Sends a request; the response has not been read yet. */
export function post(server: Server, path: string, accept: string, body: object, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { accept, "content-type": "application/json" };
  if (server.token) headers.authorization = `Bearer ${server.token}`;
  const send = server.fetch ?? fetch;
  return send(new URL(path, server.url), { method: "POST", headers, body: JSON.stringify(body), signal });
}

/** The data of a query or mutation. */
export async function ask<D>(server: Server, query: string, variables: object, signal: AbortSignal): Promise<D> {
  const response = await post(server, "/graphql", "application/graphql-response+json", { query, variables }, signal);
  return dataOf((await response.json()) as Answer<D>);
}
