// Follows a source: reads its tail, and connects again when the connection breaks, until told to stop.
import { onRecovery } from "@/api/connection";
import { problemOf, request, type Problem, type Schemas } from "@/api/client";
import { SseParser, type Message } from "./sse";

export interface Follower {
  connected(): void;
  event(e: Schemas["SampleEvent"]): void;
  skipped(s: Schemas["TailSkipped"]): void;
  rate(r: Schemas["TailRate"]): void;
  /** The connection broke; it is being made again. */
  lost(): void;
  /** The server refuses: asking again would not help. */
  refused(problem: Problem): void;
}

// The server says something every second: silence means that the connection is dead, although nobody said so.
const silence = 20_000;

export async function follow(url: string, to: Follower, signal: AbortSignal): Promise<void> {
  for (let wait = 500; !signal.aborted; wait = Math.min(wait * 2, 5000)) {
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    signal.addEventListener("abort", stop);
    let watchdog = setTimeout(stop, silence);
    try {
      const response = await request(url, { headers: { Accept: "text/event-stream" }, cache: "no-store", signal: attempt.signal });
      to.connected();
      wait = 500;
      const parser = new SseParser();
      for await (const text of pieces(response)) {
        clearTimeout(watchdog);
        watchdog = setTimeout(stop, silence);
        if (signal.aborted) return;
        for (const message of parser.push(text)) tell(message, to);
      }
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status >= 400 && problem.status < 500 && !signal.aborted) {
        to.refused(problem);
        return;
      }
    } finally {
      clearTimeout(watchdog);
      signal.removeEventListener("abort", stop);
    }
    if (signal.aborted) return;
    to.lost();
    await recovery(wait, signal);
  }
}

async function* pieces(response: Response): AsyncGenerator<string> {
  const reader = response.body?.getReader();
  if (!reader) return;
  const decoder = new TextDecoder();
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield decoder.decode(next.value, { stream: true });
}

function tell(message: Message, to: Follower) {
  if (message.event === "event") to.event(JSON.parse(message.data) as Schemas["SampleEvent"]);
  else if (message.event === "skipped") to.skipped(JSON.parse(message.data) as Schemas["TailSkipped"]);
  else if (message.event === "rate") to.rate(JSON.parse(message.data) as Schemas["TailRate"]);
}

/** Ends when the server answers again, after some time, or when nobody waits any more. */
function recovery(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      forget();
      signal.removeEventListener("abort", end);
      done();
    };
    const timer = setTimeout(end, ms);
    const forget = onRecovery(end);
    signal.addEventListener("abort", end);
  });
}
