import { Tabs as T } from "radix-ui";
import { useEffect, useRef, type ReactNode } from "react";

/** Parts of a screen, one of which is shown. Which one belongs into the URL. */
export function Tabs<K extends string>({ value, onChange, tabs, label }: { value: K; onChange: (k: K) => void; tabs: readonly { key: K; label: ReactNode; content: ReactNode }[]; label: string }) {
  const list = useRef<HTMLDivElement>(null);
  // Where there is no room for all of them, the chosen one is in sight, and the others fade out at the edge.
  useEffect(() => {
    list.current?.querySelector("[data-state=active]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [value]);
  return (
    <T.Root value={value} onValueChange={(v) => onChange(v as K)}>
      <T.List ref={list} aria-label={label} className="mb-4 flex gap-1 overflow-x-auto max-md:scroll-pr-16 max-md:mask-r-from-[calc(100%-4rem)] max-md:pr-16 inset-shadow-[0_-1px_var(--line)]">
        {tabs.map((t) => (
          <T.Trigger key={t.key} value={t.key} className="border-b-2 border-transparent px-3 py-2 -outline-offset-2 text-sm font-medium whitespace-nowrap text-muted hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink">
            {t.label}
          </T.Trigger>
        ))}
      </T.List>
      {tabs.map((t) => (
        <T.Content key={t.key} value={t.key} className="outline-none">
          {t.content}
        </T.Content>
      ))}
    </T.Root>
  );
}
