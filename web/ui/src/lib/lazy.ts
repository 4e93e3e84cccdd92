// Parts of the console are files of their own, loaded when they are needed: also while the server restarts, or after it has
// become another version.
import { lazy as reactLazy, type ComponentType } from "react";
import { onRecovery, unreachable } from "@/api/connection";

/** A component that is loaded when it is first shown. */
export function lazy<P>(load: () => Promise<{ default: ComponentType<P> }>) {
  return reactLazy(() => loaded(load));
}

/**
 * What `load` gives. While the server is down, it waits. A server that is there and does not have the part is of another version
 * than the page, which is then loaded again: once, so that what is broken by itself does not become a page that loads for ever.
 */
export async function loaded<T>(load: () => Promise<T>): Promise<T> {
  for (let answered = false; ; ) {
    try {
      return await load();
    } catch (error) {
      if (answered) {
        if (sessionStorage.getItem(key) !== import.meta.url) {
          sessionStorage.setItem(key, import.meta.url);
          location.reload();
        }
        throw error;
      }
      answered = await answers(); // it may have come back in between: try once more
      if (!answered) await recovery();
    }
  }
}

const key = "helios.loaded-again-by";

async function answers(): Promise<boolean> {
  try {
    return (await fetch("/readyz", { cache: "no-store", signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return false;
  }
}

function recovery(): Promise<void> {
  unreachable();
  return new Promise((back) => {
    const forget = onRecovery(() => {
      forget();
      back();
    });
  });
}
