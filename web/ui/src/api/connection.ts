// Whether the server answers. Every request tells; while it does not, its health is asked for until it does again.
import { useSyncExternalStore } from "react";

type State = "connected" | "lost";
let state: State = "connected";
const listeners = new Set<() => void>();
const recovered = new Set<() => void>();
let probing = false;

function become(next: State) {
  if (state === next) return;
  state = next;
  listeners.forEach((l) => l());
  if (next === "connected") recovered.forEach((l) => l());
}

export function reached() {
  become("connected");
}

export function unreachable() {
  become("lost");
  if (!probing) void probe();
}

async function probe() {
  probing = true;
  for (let wait = 500; state === "lost"; wait = Math.min(wait * 1.5, 3000)) {
    await new Promise((done) => setTimeout(done, wait));
    try {
      const answer = await fetch("/readyz", { cache: "no-store", signal: AbortSignal.timeout(5000) });
      if (answer.ok) become("connected");
    } catch {
      // Still down: ask again.
    }
  }
  probing = false;
}

/** Calls back whenever the server answers again after it did not. */
export function onRecovery(call: () => void): () => void {
  recovered.add(call);
  return () => void recovered.delete(call);
}

function subscribe(call: () => void) {
  listeners.add(call);
  return () => void listeners.delete(call);
}

/** Whether the server did not answer when it was last asked. */
export function isLost(): boolean {
  return state === "lost";
}

/** The connection's state, live. */
export function useConnection(): State {
  return useSyncExternalStore(subscribe, () => state);
}
