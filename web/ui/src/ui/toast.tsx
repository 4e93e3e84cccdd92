import { useSyncExternalStore } from "react";
import { cx } from "./cx";

interface Toast {
  id: number;
  text: string;
  tone: "plain" | "bad";
}
let toasts: readonly Toast[] = [];
let next = 0;
const listeners = new Set<() => void>();

function change(list: readonly Toast[]) {
  toasts = list;
  listeners.forEach((l) => l());
}

/** Says something in passing: what was done, or could not be. */
export function toast(text: string, tone: Toast["tone"] = "plain") {
  const id = next++;
  change([...toasts.slice(-2), { id, text, tone }]);
  setTimeout(() => change(toasts.filter((t) => t.id !== id)), tone === "bad" ? 6000 : 2500);
}

export function Toasts() {
  const all = useSyncExternalStore(
    (call) => {
      listeners.add(call);
      return () => void listeners.delete(call);
    },
    () => toasts,
  );
  return (
    <div role="status" aria-live="polite" className="pointer-events-none fixed bottom-4 left-1/2 z-50 flex -translate-x-1/2 flex-col items-center gap-2">
      {all.map((t) => (
        <div key={t.id} className={cx("animate-rise rounded-md px-3 py-1.5 text-sm shadow-(--shadow-floating)", t.tone === "bad" ? "border border-bad/40 bg-bad-soft text-ink" : "bg-ink text-ground")}>
          {t.text}
        </div>
      ))}
    </div>
  );
}
