import { exactTime, number, plural } from "@/lib/format";
import { cx } from "@/ui/cx";

/** Counts over time as small bars, each told on hover. */
export function Bars({ ticks, className, what = "events" }: { ticks: readonly { at: string; count: number }[]; className?: string; what?: string }) {
  const top = Math.max(1, ...ticks.map((t) => t.count));
  const all = ticks.reduce((sum, t) => sum + t.count, 0);
  return (
    <div role="img" aria-label={`${number(all)} ${what} in the last 24 hours, at most ${number(top)} in an hour`} className={cx("flex h-7 items-end gap-px border-b", className)}>
      {ticks.map((t) => (
        <span key={t.at} title={`${plural(t.count, "event")} in the hour from ${exactTime(t.at)}`} className="flex h-full min-w-0 flex-1 items-end hover:bg-hover">
          <span className="w-full rounded-t-xs bg-(--series-5)" style={{ height: t.count === 0 ? 0 : `${Math.max(8, (t.count / top) * 100)}%` }} />
        </span>
      ))}
    </div>
  );
}
