import { cx } from "@/ui/cx";

const dots = ["bg-(--series-1)", "bg-(--series-2)", "bg-(--series-3)", "bg-(--series-4)", "bg-(--series-5)", "bg-(--series-6)", "bg-(--series-7)", "bg-(--series-8)"];

/** What tells a shard from the others of its stream: shardId-000000000012 is 12. */
export function shardLabel(id: string): string {
  return /^.*?-0*(\d+)$/.exec(id)?.[1] ?? id;
}

/** A shard by its number and a colour. */
export function ShardMark({ id, className }: { id: string; className?: string }) {
  const label = shardLabel(id);
  return (
    <span title={id} className={cx("inline-flex items-center gap-1.5 tabular", className)}>
      <span aria-hidden className={cx("size-2 shrink-0 rounded-full", dots[/^\d+$/.test(label) ? Number(label.slice(-6)) % dots.length : 0])} />
      {label}
    </span>
  );
}
