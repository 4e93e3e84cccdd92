// What the live tail holds: the newest events, bounded, and what is told about those that are not shown. It takes events as fast
// as they come, and tells its listeners at most once a frame.
import type { Problem, Schemas } from "@/api/client";
import type { Follower } from "./follow";

export type TailEvent = Schemas["SampleEvent"];
export type Entry = { id: number; event: TailEvent } | { id: number; gap: { from: number; to: number } };

/** Why nothing moves: the person asked for it, scrolled up, or looks at an event. */
export type Pause = "asked" | "scrolled" | "looking";

export interface View {
  entries: readonly Entry[];
  paused: Pause | null;
  /** Events that came since the pause. */
  waiting: number;
  /** Events that were left out since the beginning, and the first of the reasons. */
  sampled: number;
  slow: number;
  /** The newest minute, a second each. */
  rates: readonly Schemas["TailRate"][];
  /** Events that were received in the last second. */
  received: number;
  connection: "connecting" | "live" | "lost" | "refused";
  problem: Problem | null;
}

const empty: View = { entries: [], paused: null, waiting: 0, sampled: 0, slow: 0, rates: [], received: 0, connection: "connecting", problem: null };

/** Calls back soon: at the next frame, but not more often than people can follow. */
export type Schedule = (call: () => void) => void;

const everyFrame = (gap: number): Schedule => {
  let last = 0;
  const attempt = (call: () => void) => {
    requestAnimationFrame((now) => {
      if (now - last < gap) return attempt(call);
      last = now;
      call();
    });
  };
  return attempt;
};

export class TailLog implements Follower {
  readonly capacity: number;
  #view: View = empty;
  #change: Partial<View> = {};
  #fresh: Entry[] = [];
  #next = 0;
  #received = 0;
  #lostAt: number | null = null;
  #scheduled = false;
  readonly #listeners = new Set<() => void>();
  readonly #schedule: Schedule;

  constructor(capacity = 2000, schedule: Schedule = everyFrame(40)) {
    this.capacity = capacity;
    this.#schedule = schedule;
  }

  readonly subscribe = (call: () => void) => {
    this.#listeners.add(call);
    return () => void this.#listeners.delete(call);
  };
  readonly view = () => this.#view;

  /** Begins anew, with nothing: another source, or another filter. */
  begin() {
    this.#fresh = [];
    this.#received = 0;
    this.#lostAt = null;
    this.#set({ ...empty });
    this.#flush();
  }

  /** Takes away what is shown and what waits. */
  clear() {
    this.#fresh = [];
    this.#set({ entries: [], waiting: 0, sampled: 0, slow: 0 });
    this.#flush();
  }

  pause(why: Pause) {
    if (this.#now("paused")) return;
    // What has come but is not shown waits: under a pointer that was just pressed nothing may move.
    this.#set({ paused: why, waiting: this.#fresh.filter((e) => "event" in e).length });
    this.#flush();
  }

  resume() {
    this.#set({ paused: null, waiting: 0 });
    this.#flush();
  }

  connected() {
    if (this.#lostAt !== null) {
      this.#take({ id: this.#next++, gap: { from: this.#lostAt, to: Date.now() } });
      this.#lostAt = null;
    }
    this.#set({ connection: "live", problem: null });
  }

  event(event: TailEvent) {
    this.#received++;
    this.#take({ id: this.#next++, event });
    if (this.#now("paused")) this.#set({ waiting: this.#now("waiting") + 1 });
  }

  skipped({ count, reason }: Schemas["TailSkipped"]) {
    const kind = reason === "sampled" ? "sampled" : "slow";
    this.#set({ [kind]: this.#now(kind) + count });
    if (this.#now("paused")) this.#set({ waiting: this.#now("waiting") + count });
  }

  rate(rate: Schemas["TailRate"]) {
    this.#set({ rates: [...this.#now("rates").slice(-59), rate], received: this.#received });
    this.#received = 0;
  }

  lost() {
    if (this.#now("connection") === "live") this.#lostAt = Date.now();
    this.#set({ connection: "lost" });
  }

  refused(problem: Problem) {
    this.#set({ connection: "refused", problem });
  }

  #now<K extends keyof View>(key: K): View[K] {
    return key in this.#change ? (this.#change[key] as View[K]) : this.#view[key];
  }

  #take(entry: Entry) {
    this.#fresh.push(entry);
    // A page that is hidden or paused takes nothing out: only as much is kept as could ever be shown.
    if (this.#fresh.length > 2 * this.capacity) this.#fresh = this.#fresh.slice(-this.capacity);
    this.#soon();
  }

  #set(change: Partial<View>) {
    Object.assign(this.#change, change);
    this.#soon();
  }

  #soon() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush() {
    let next: View = { ...this.#view, ...this.#change };
    this.#change = {};
    if (!next.paused && this.#fresh.length > 0) {
      next = { ...next, entries: [...next.entries, ...this.#fresh].slice(-this.capacity) };
      this.#fresh = [];
    }
    this.#view = next;
    this.#listeners.forEach((l) => l());
  }
}
