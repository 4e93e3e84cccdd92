// Whom this page belongs to, and whether their session has ended meanwhile. What the server refuses for want of a session waits
// here, and is asked again once the same person has signed in; for anybody else the page begins anew.
import { useSyncExternalStore } from "react";
import type { Schemas } from "./client";

type State = Schemas["SignInState"];

let here: State | undefined;
let ended = false;
let going = false; // to a page of somebody else
const listeners = new Set<() => void>();
const told = new Set<(state: State, back: boolean) => void>();
const waiting = new Set<() => void>();
const others = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("helios.session");

/** What the storage of the browser calls something of the person's own. An open house has no persons. */
export function ownKey(key: string): string {
  return here?.me?.kind === "user" ? `${key}:${here.me.id}` : key;
}

/** Whether the page belongs to somebody: programs then need a token. */
export function signedIn(): boolean {
  return here?.me?.kind === "user";
}

/** What was written in an open house is of whoever signs in there first: they wrote it, before there were persons. */
function inherit({ me }: State) {
  if (here?.me?.kind !== "open" || me?.kind !== "user") return;
  for (const [storage, key] of [[localStorage, "helios.sql.tabs"], [localStorage, "helios.sql.layout"], [sessionStorage, "helios.sql.tab"]] as const) {
    const written = storage.getItem(key);
    if (written === null || storage.getItem(`${key}:${me.id}`) !== null) continue;
    storage.setItem(`${key}:${me.id}`, written);
    storage.removeItem(key);
  }
}

/** Takes note of what the server says of who asks, and gives what the page goes by: it stays whose it was. */
export function heed(state: State): State {
  const back = ended && another(state) === false;
  if (!here?.me) {
    here = state;
  } else if (!state.me) {
    become(true);
  } else if (another(state)) {
    inherit(state);
    anew(location.href);
  } else {
    here = state;
    become(false);
  }
  const now = here;
  told.forEach((call) => call(now, back));
  return now;
}

/** Whether it is somebody else than the one whose page this is; undefined where one of the two is nobody. */
function another({ me }: State): boolean | undefined {
  return me && here?.me && (me.kind !== here.me.kind || me.id !== here.me.id);
}

/** Calls back with what the page goes by, whenever the server has said who asks; `back` if their session had ended. */
export function onState(call: (state: State, back: boolean) => void) {
  told.add(call);
}

/** Whether the page can go on with who has just signed in; if not, it begins anew at an address. */
export function enter(state: State, at: string): boolean {
  others?.postMessage("in");
  if (another(state)) {
    inherit(state);
    anew(at);
    return false;
  }
  heed(state);
  return true;
}

/** Leaves: here, and in the other tabs of the browser. */
export function leave(to = "/sign-in") {
  others?.postMessage("out");
  anew(to);
}

/** Loads the page again, so that nothing is left in it of who was there before. */
function anew(href: string) {
  going = true;
  if (href === location.href) location.reload();
  else location.assign(href);
}

function become(over: boolean) {
  if (ended !== over) {
    ended = over;
    listeners.forEach((l) => l());
  }
  if (!over) waiting.forEach((go) => go());
}

/** Asks who asks, without the rest of the console: once, however many want to know. */
export function ask(): Promise<State> {
  asking ??= fetch("/api/v1/auth/state", { cache: "no-store" })
    .then(async (answer) => {
      if (!answer.ok) throw new Error(`the server does not say who asks: ${answer.status}`);
      return heed((await answer.json()) as State);
    })
    .finally(() => (asking = undefined));
  return asking;
}
let asking: Promise<State> | undefined;

/**
 * For a request that was refused for want of a session: true once it is worth another try, as who was signed in is so again;
 * false if nobody was. It waits as long as that takes, or until the request is given up.
 */
export async function signedInAgain(signal?: AbortSignal | null): Promise<boolean> {
  if (!here?.me) return false;
  await ask();
  await sessionBack(signal);
  return true;
}

/** Waits while the session has ended, or until the signal. */
export async function sessionBack(signal?: AbortSignal | null): Promise<void> {
  if (going) return new Promise(() => {}); // nothing is to be done in the name of somebody else
  if (!ended) return;
  await new Promise<void>((go, stop) => {
    const done = () => {
      waiting.delete(done);
      signal?.removeEventListener("abort", given);
      go();
    };
    const given = () => {
      waiting.delete(done);
      stop(signal?.reason as Error);
    };
    signal?.addEventListener("abort", given);
    waiting.add(done);
    if (signal?.aborted) given();
  });
}

/** Whether the session of who uses the page has ended, live. */
export function useEnded(): boolean {
  return useSyncExternalStore(
    (call) => {
      listeners.add(call);
      return () => void listeners.delete(call);
    },
    () => ended,
  );
}

// In another tab somebody has signed in: the same person goes on here too. Or has signed out, who wants to leave nothing behind.
others?.addEventListener("message", (e: MessageEvent<unknown>) => {
  if (e.data === "out" && here?.me) anew(`/sign-in?return_to=${encodeURIComponent(location.pathname + location.search + location.hash)}`);
  else if (e.data === "in" && here?.me) void ask().catch(() => undefined);
  else if (e.data === "in" && location.pathname === "/sign-in") location.reload();
});
