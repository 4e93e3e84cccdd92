import { ScissorsLineDashed, RefreshCcwDot, TriangleAlert, type LucideIcon } from "lucide-react";
import { useState } from "react";
import { plural } from "@/lib/format";
import { Button } from "@/ui/button";
import { Time } from "@/ui/layout";
import type { Source } from "./queries";

const kinds: Record<string, { title: string; icon: LucideIcon; next?: string }> = {
  gap: { title: "Records were lost to the stream's retention", icon: ScissorsLineDashed, next: "Let the stream keep its records longer, and the source not be paused for longer than that." },
  recreated: { title: "The stream was made anew", icon: RefreshCcwDot },
  hole: { title: "Some hash keys have no open shard", icon: TriangleAlert, next: "This passes by itself while a stream is resharded." },
};

/** What people should know of a source, the newest first. */
export function Notices({ notices }: { notices: NonNullable<Source["notices"]> }) {
  const [all, setAll] = useState(false);
  if (notices.length === 0) return null;
  const newest = [...notices].reverse();
  const shown = all ? newest : newest.slice(0, 2);
  return (
    <section aria-label="Notices" className="mb-4 rounded-lg border border-warn/40 bg-warn-soft">
      <ul className="divide-y divide-warn/20">
        {shown.map((n, i) => {
          const kind = kinds[n.kind];
          const Icon = kind?.icon ?? TriangleAlert;
          return (
            <li key={`${n.at} ${n.shard_id ?? ""} ${i}`} className="flex gap-2.5 px-4 py-2.5 text-sm">
              <Icon size={16} className="mt-0.5 shrink-0 text-warn" aria-hidden />
              <div className="min-w-0 flex-1">
                <p className="flex flex-wrap items-baseline gap-x-3">
                  <strong className="font-semibold">{kind?.title ?? n.kind}</strong>
                  <Time at={n.at} className="text-xs text-muted" />
                </p>
                <p className="break-words text-muted">
                  {n.message} {kind?.next}
                </p>
              </div>
            </li>
          );
        })}
      </ul>
      {newest.length > 2 && (
        <div className="border-t border-warn/20 px-3 py-1">
          <Button kind="quiet" size="sm" onClick={() => setAll(!all)} aria-expanded={all}>
            {all ? "Show the newest only" : `Show all ${plural(newest.length, "notice")}`}
          </Button>
        </div>
      )}
    </section>
  );
}
