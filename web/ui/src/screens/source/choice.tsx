import type { ReactNode } from "react";

/** One of a few ways, with what it means. */
export function Choice({ title, children, ...rest }: { title: ReactNode; children?: ReactNode; name: string; checked: boolean; onChange: () => void; disabled?: boolean }) {
  return (
    <label className="flex cursor-pointer gap-2.5 rounded-md border p-3 has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-accent">
      <input type="radio" {...rest} className="mt-1 size-3.5 shrink-0 accent-(--accent) outline-none" />
      <span className="min-w-0 text-sm">
        <span className="block font-medium text-ink">{title}</span>
        {children && <span className="block text-muted">{children}</span>}
      </span>
    </label>
  );
}
