// The tabs as this browser remembers them. Every window shows the same tabs; which one is active is a window's own.
import { useSyncExternalStore } from "react";
import { ownKey } from "@/api/who";
import { toast } from "@/ui/toast";
import { changed, closed, maxTabs, moved, newTab, opened, remembered, restored, type Tab, type Tabs } from "./tabs";

const key = ownKey("helios.sql.tabs");
const activeKey = ownKey("helios.sql.tab");
const maxClosed = 20;

let state = withOwnActive(restored(read(localStorage, key)));
let justClosed: Tab[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;
let told = false;
const listeners = new Set<() => void>();

function read(storage: Storage, name: string): string | null {
  try {
    return storage.getItem(name);
  } catch {
    return null;
  }
}

function withOwnActive(s: Tabs): Tabs {
  const own = read(sessionStorage, activeKey);
  return own && s.tabs.some((t) => t.id === own) ? { ...s, active: own } : s;
}

function become(next: Tabs) {
  if (next === state) return;
  state = next;
  listeners.forEach((l) => l());
  timer ??= setTimeout(write, 300);
}

function write() {
  clearTimeout(timer);
  timer = undefined;
  try {
    sessionStorage.setItem(activeKey, state.active);
    localStorage.setItem(key, remembered(state));
  } catch {
    if (!told) toast("The browser has no room for these tabs: they last until the page is closed", "bad");
    told = true;
  }
}

// What was typed last must survive too.
addEventListener("pagehide", () => {
  if (timer !== undefined) write();
});
addEventListener("storage", (e) => {
  // With something of its own to write, this window is the later one.
  if (e.key !== key || e.newValue === null || timer !== undefined) return;
  const theirs = restored(e.newValue);
  const active = theirs.tabs.some((t) => t.id === state.active) ? state.active : theirs.active;
  state = { ...theirs, active };
  listeners.forEach((l) => l());
});

export const tabs = {
  get: () => state,
  find: (id: string) => state.tabs.find((t) => t.id === id),
  activate(id: string) {
    if (id !== state.active && state.tabs.some((t) => t.id === id)) become({ ...state, active: id });
  },
  /** Opens a tab and gives its id; the active one's when there is no room. */
  open(start: Partial<Tab> = {}): string {
    const tab = newTab(start);
    const next = opened(state, tab);
    if (!next) {
      toast(`There are ${maxTabs} tabs: close one first`, "bad");
      return state.active;
    }
    become(next);
    return tab.id;
  },
  close(id: string) {
    const tab = tabs.find(id);
    if (!tab) return;
    if (tab.sql.trim()) justClosed = [...justClosed.slice(1 - maxClosed), tab];
    become(closed(state, id));
  },
  canReopen: () => justClosed.length > 0,
  /** Opens the tab that was closed last. */
  reopen() {
    const tab = justClosed.pop();
    if (tab) tabs.open(tab);
  },
  move: (id: string, by: number) => become(moved(state, id, by)),
  change(id: string, change: Partial<Omit<Tab, "id">>) {
    const tab = tabs.find(id);
    if (tab && Object.entries(change).some(([k, v]) => tab[k as keyof Tab] !== v)) become(changed(state, id, change));
  },
};

/** The tabs, live. */
export function useTabs(): Tabs {
  return useSyncExternalStore(
    (call) => {
      listeners.add(call);
      return () => void listeners.delete(call);
    },
    () => state,
  );
}
