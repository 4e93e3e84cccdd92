// Keyboard shortcuts: screens say what they offer, the help (?) lists what is in force.
import { useEffect, useSyncExternalStore } from "react";

export interface Shortcut {
  /** As in "mod+enter", "?", "g o" (one after the other). mod is Cmd on a Mac, else Ctrl. Without keys it is only in the palette. */
  keys?: string;
  label: string;
  group: string;
  run: () => void;
  /** Also while the person types into a field. */
  whileTyping?: boolean;
}

export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
let active: readonly Shortcut[] = [];
const listeners = new Set<() => void>();
let pending = "";
let pendingUntil = 0;

function change(next: readonly Shortcut[]) {
  active = next;
  listeners.forEach((l) => l());
}

/** Offers shortcuts while a component is there. Give a list that stays the same between renders (useMemo). */
export function useShortcuts(list: readonly Shortcut[]) {
  useEffect(() => {
    change([...active, ...list]);
    return () => change(active.filter((s) => !list.includes(s)));
  }, [list]);
}

/** The shortcuts in force, later ones before earlier ones. */
export function useActiveShortcuts(): readonly Shortcut[] {
  return useSyncExternalStore(
    (call) => {
      listeners.add(call);
      return () => void listeners.delete(call);
    },
    () => active,
  );
}

const names: Record<string, string> = { mod: isMac ? "⌘" : "Ctrl", shift: isMac ? "⇧" : "Shift", alt: isMac ? "⌥" : "Alt", enter: "↵", escape: "Esc", space: "Space", arrowup: "↑", arrowdown: "↓" };

/** How a shortcut is written for people. */
export function keyNames(keys: string): string[] {
  return keys.split(" ").map((k) =>
    k
      .split("+")
      .map((part) => names[part] ?? part.toUpperCase())
      .join(isMac ? "" : "+"),
  );
}

/** The key of an event in the form of Shortcut.keys. */
export function keyOf(e: KeyboardEvent): string {
  const key = e.key === " " ? "space" : e.key.toLowerCase();
  const parts = [];
  if (isMac ? e.metaKey : e.ctrlKey) parts.push("mod");
  if (e.altKey) parts.push("alt");
  if (e.shiftKey && key.length > 1) parts.push("shift");
  parts.push(key);
  return parts.join("+");
}

/** Space and Enter belong to what they press. */
function pressing(e: KeyboardEvent, key: string): boolean {
  return (key === "space" || key === "enter") && e.target instanceof Element && !!e.target.closest("button, a, summary, [role=menuitem], [role=switch]");
}

function typing(e: KeyboardEvent): boolean {
  const at = e.target as HTMLElement | null;
  return !!at && (at.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(at.tagName));
}

function inDialog(e: KeyboardEvent): boolean {
  return e.target instanceof Element && e.target.closest('[role="dialog"], [role="menu"]') !== null;
}

window.addEventListener("keydown", (e) => {
  if (e.defaultPrevented || ["Control", "Shift", "Alt", "Meta"].includes(e.key)) return;
  const key = keyOf(e);
  const sequence = Date.now() < pendingUntil ? `${pending} ${key}` : key;
  pending = key;
  pendingUntil = Date.now() + 900;
  for (const shortcut of [...active].reverse()) {
    if (!shortcut.keys || (shortcut.keys !== sequence && shortcut.keys !== key)) continue;
    if ((typing(e) && !shortcut.whileTyping) || pressing(e, key)) continue;
    // Letters belong to what is open: the screen behind it stays as it is.
    if (inDialog(e) && !shortcut.keys.startsWith("mod+")) continue;
    e.preventDefault();
    pendingUntil = 0;
    shortcut.run();
    return;
  }
});
