import { cx } from "@/ui/cx";
import { percent } from "@/lib/format";

/** How much of a limit is used. */
export function Meter({ label, value, className }: { label: string; value: number; className?: string }) {
  const share = Math.min(1, Math.max(0, value));
  return (
    <span className={cx("inline-flex items-center gap-1.5", className)}>
      <span role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)} className="inline-block h-1.5 w-12 overflow-hidden rounded-full bg-hover">
        <span className={"block h-full rounded-full bg-(--series-2)"} style={{ width: `${Math.max(share * 100, value > 0 ? 3 : 0)}%` }} />
      </span>
      <span className="w-9 text-right text-xs tabular" aria-hidden>
        {value >= 0.1 ? `${Math.round(value * 100)} %` : percent(Math.round(value * 1000) / 1000)}
      </span>
    </span>
  );
}
