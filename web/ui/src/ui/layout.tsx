// The shapes that screens are made of.
import { useEffect, useLayoutEffect, useRef, type ReactNode } from "react";
import type { LucideIcon } from "lucide-react";
import { exactTime, ago } from "@/lib/format";
import { useNow } from "@/lib/time";
import { Tooltip } from "./tooltip";
import { cx } from "./cx";

/** Whether the screen that has just gone had the focus: the next one takes it, as when what was loading is there. */
let handedOn = false;

/** A screen: its title, what can be done with it, and its content, which scrolls unless `fixed`. */
export function Page({ title, subtitle, actions, children, fixed, wide }: { title: ReactNode; subtitle?: ReactNode; actions?: ReactNode; children: ReactNode; fixed?: boolean; wide?: boolean }) {
  const main = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const here = main.current;
    if (handedOn) here?.focus({ preventScroll: true });
    handedOn = false;
    return () => {
      handedOn = document.activeElement === here;
    };
  }, []);
  // What is placed anywhere in it, as text for screen readers is, scrolls with it, and does not make the page longer.
  return (
    <main ref={main} id="main" tabIndex={-1} className={cx("relative flex h-full min-w-0 flex-col outline-none", !fixed && "overflow-y-auto")}>
      <header className={cx("flex flex-wrap items-center gap-x-4 gap-y-2 px-4 pt-4 pb-3 sm:px-6", !fixed && !wide && "mx-auto w-full max-w-6xl")}>
        <div className="min-w-0 flex-1 basis-56">
          <h1 className="truncate text-lg">{title}</h1>
          {subtitle && <p className="text-sm text-muted">{subtitle}</p>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      <div className={cx("px-4 pb-6 sm:px-6", fixed ? "flex min-h-0 flex-1 flex-col" : cx("flex-1", !wide && "mx-auto w-full max-w-6xl"))}>{children}</div>
    </main>
  );
}

/** The title of the browser's tab. */
export function useTitle(title: string) {
  useEffect(() => {
    document.title = title ? `${title} · Helios` : "Helios";
  }, [title]);
}

export function Card({ title, actions, children, className, flush }: { title?: ReactNode; actions?: ReactNode; children: ReactNode; className?: string; flush?: boolean }) {
  return (
    <section className={cx("min-w-0 rounded-lg border bg-surface shadow-(--shadow-raised)", className)}>
      {(title || actions) && (
        <div className="flex min-h-11 items-center gap-3 border-b px-4 py-1.5">
          <h2 className="min-w-0 flex-1 truncate text-sm">{title}</h2>
          {actions}
        </div>
      )}
      <div className={flush ? cx("overflow-clip rounded-b-lg", !title && !actions && "rounded-t-lg") : "p-4"}>{children}</div>
    </section>
  );
}

export type Tone = "good" | "warn" | "bad" | "info" | "plain" | "accent";
const tones: Record<Tone, string> = {
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  info: "bg-info-soft text-info",
  accent: "bg-accent-soft text-accent",
  plain: "bg-hover text-muted",
};

export function Badge({ tone = "plain", children, dot, title }: { tone?: Tone; children: ReactNode; dot?: boolean; title?: string }) {
  return (
    <span title={title} className={cx("inline-flex max-w-full items-center gap-1.5 rounded-full px-2 py-px text-xs font-medium whitespace-nowrap", tones[tone])}>
      {dot && <span className="size-1.5 shrink-0 rounded-full bg-current" aria-hidden />}
      {children}
    </span>
  );
}

/** Nothing here yet: why, and what to do next. */
export function Empty({ icon: Icon, title, children, actions }: { icon?: LucideIcon; title: string; children?: ReactNode; actions?: ReactNode }) {
  return (
    <div className="mx-auto flex max-w-md flex-col items-center px-4 py-14 text-center">
      {Icon && (
        <span className="mb-3 grid size-11 place-items-center rounded-full bg-accent-soft text-accent">
          <Icon size={20} aria-hidden />
        </span>
      )}
      <h2 className="text-base">{title}</h2>
      {children && <div className="mt-1.5 text-sm text-muted">{children}</div>}
      {actions && <div className="mt-4 flex flex-wrap justify-center gap-2">{actions}</div>}
    </div>
  );
}

/** Where something is being loaded: its shape, without content. */
export function Skeleton({ className, lines = 3 }: { className?: string; lines?: number }) {
  return (
    <div className={cx("space-y-2.5", className)} role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, i) => (
        <div key={i} className={cx("h-4 animate-breathe rounded-sm bg-hover", ["w-full", "w-5/6", "w-2/3"][i % 3])} />
      ))}
    </div>
  );
}

/** A number with its name. */
export function Stat({ label, value, detail, tone }: { label: ReactNode; value: ReactNode; detail?: ReactNode; tone?: "bad" | "warn" }) {
  return (
    <div className="min-w-0">
      <div className="text-xs text-faint">{label}</div>
      <div className={cx("truncate text-lg font-semibold tabular", tone === "bad" && "text-bad", tone === "warn" && "text-warn")}>{value}</div>
      {detail && <div className="truncate text-xs text-muted">{detail}</div>}
    </div>
  );
}

/** A time as it is told, with the exact time on hover and focus. */
export function Time({ at, className }: { at: string | null | undefined; className?: string }) {
  const now = useNow();
  if (!at) return <span className={className}>–</span>;
  return (
    <Tooltip text={exactTime(at)}>
      <time dateTime={at} className={cx("tabular", className)}>
        {ago(at, now)}
      </time>
    </Tooltip>
  );
}

export function Kbd({ children }: { children: ReactNode }) {
  return <kbd className="rounded-sm border border-edge bg-sunken px-1 py-px text-2xs text-muted">{children}</kbd>;
}
