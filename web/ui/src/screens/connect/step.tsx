import { Check } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";

/** One step of a way: done (with what was chosen), open, or still to come. */
export function Step({ n, title, state, summary, change, children, actions }: { n: number; title: string; state: "done" | "open" | "later"; summary?: ReactNode; change?: () => void; children?: ReactNode; actions?: ReactNode }) {
  const id = stepId(n);
  return (
    <section aria-labelledby={id} className="relative grid grid-cols-[1.75rem_minmax(0,1fr)] gap-x-3 pb-7 last:pb-0 sm:gap-x-4">
      <div className="flex flex-col items-center" aria-hidden>
        <span className={cx("grid size-7 shrink-0 place-items-center rounded-full border text-xs font-semibold", state === "open" ? "border-accent bg-accent text-on-accent" : state === "done" ? "border-good/50 bg-good-soft text-good" : "border-edge text-faint")}>
          {state === "done" ? <Check size={14} /> : n}
        </span>
      </div>
      <div className="min-w-0">
        <div className="flex min-h-7 flex-wrap items-center gap-x-3 gap-y-1">
          <h2 id={id} tabIndex={-1} className={cx("text-base outline-none", state === "later" && "text-faint")}>
            {title}
            {state === "done" && <span className="sr-only"> (done)</span>}
          </h2>
          {state === "done" && <div className="min-w-0 flex-1 text-sm text-muted max-sm:order-last max-sm:basis-full sm:truncate">{summary}</div>}
          {state === "done" && change && (
            <Button size="sm" kind="quiet" className="ml-auto" onClick={change} aria-label={`Change: ${title}`}>
              Change
            </Button>
          )}
          {state === "open" && actions && <div className="ml-auto flex items-center gap-2">{actions}</div>}
        </div>
        {state === "open" && <div className="mt-3">{children}</div>}
      </div>
    </section>
  );
}

/** The id of a step's heading. */
export const stepId = (n: number) => `step-${n}`;

/** The steps that come after a stream was picked. */
export const laterSteps = ["A look at its events", "The schema", "The table", "Connect"] as const;
