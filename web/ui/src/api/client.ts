// The one door to the server: a client made from its own description of the API, and errors as it tells them.
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema";
import { reached, unreachable } from "./connection";
import { ask, sessionBack, signedInAgain } from "./who";

export type Schemas = components["schemas"];
export type ProblemBody = Schemas["Problem"];

/** What the server said when it did not do what it was asked, or that it could not be asked. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint?: string;
  readonly body: Partial<ProblemBody>;
  /** When the same may succeed, in milliseconds, where the server says so. */
  readonly retryAt?: number;

  constructor(status: number, body: Partial<ProblemBody>, retryAfter = 0) {
    super(body.detail ?? body.title ?? `The server answered with ${status}`);
    this.name = "Problem";
    this.status = status;
    this.code = body.code ?? "internal";
    this.hint = body.hint;
    this.body = body;
    if (retryAfter > 0) this.retryAt = Date.now() + retryAfter * 1000;
  }

  /** True when there was no answer at all: the server is down or restarts. */
  get offline(): boolean {
    return this.status === 0;
  }
}

/** The error as a Problem, whatever it was. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(0, { code: "network", detail: error instanceof Error ? error.message : String(error) });
}

/** The Problem in an answer that is no success. */
export async function problemIn(response: Response): Promise<Problem> {
  let body: Partial<ProblemBody> = {};
  try {
    body = (await response.clone().json()) as Partial<ProblemBody>;
  } catch {
    body = { detail: `${response.status} ${response.statusText}` };
  }
  return new Problem(response.status, body, Number(response.headers.get("Retry-After")));
}

/** Whether a proxy before Helios answered, because Helios did not: its own errors are problem documents. */
function ofProxy(response: Response): boolean {
  return [502, 503, 504].includes(response.status) && !response.headers.get("Content-Type")?.startsWith("application/problem+json");
}

/** fetch that tells the connection's state. */
async function reach(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  let response: Response | undefined;
  try {
    response = await fetch(input, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
  }
  if (!response || ofProxy(response)) {
    unreachable();
    // What is shown is asked for again when Helios is back, what was to be done is not done again.
    const reads = (input instanceof Request ? input.method : (init?.method ?? "GET")) === "GET";
    throw new Problem(0, { code: "network", detail: "Helios does not answer", hint: reads ? "it may be restarting: this page tries again by itself" : "it may be restarting: try again when it is back" });
  }
  reached();
  return response;
}

// Those who sign in have no session to go on with.
const signingIn = /\/api\/v1\/auth\/(state|sign-in|link|setup|reset)$/;

/**
 * fetch that throws a Problem for every answer that is no success. Where it was refused because the session has ended, it waits
 * until the person has signed in again, and asks once more.
 */
export async function request(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const again = input instanceof Request ? input.clone() : input;
  const signal = input instanceof Request ? input.signal : init?.signal;
  const session = !signingIn.test(new URL(input instanceof Request ? input.url : input, location.origin).pathname);
  if (session) await sessionBack(signal);
  let response = await reach(input, init);
  if (response.status === 401 && session && (await signedInAgain(signal))) response = await reach(again, init);
  if (response.ok) return response;
  if (response.status === 403) void ask().catch(() => undefined); // their role may be another one by now
  throw await problemIn(response);
}

const throwing: Middleware = {
  onResponse: async ({ response }) => {
    if (!response.ok) throw await problemIn(response);
    return response;
  },
};

const client = createClient<paths>({ baseUrl: "/", fetch: (r) => request(r) });
client.use(throwing);

/** The typed client. A call that fails throws a Problem, so its data is always there. */
export const api = client;

/** The data of an answer: `data(api.GET("/api/v1/sources"))`. */
export async function data<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer;
  return data as T;
}
