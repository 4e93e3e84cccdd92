import { ArrowDown, ArrowUp, Copy, CornerDownRight } from "lucide-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useRef, type ReactNode } from "react";
import { copy } from "@/lib/clipboard";
import { bytes, duration, measured } from "@/lib/format";
import { IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Badge, Time } from "@/ui/layout";
import { Tooltip } from "@/ui/tooltip";
import type { Shard } from "../queries";
import type { ShardOrder } from "../search";
import { lookOf } from "./condition";
import { Meter } from "./meter";
import { abridged } from "./names";
import { turned, type By } from "./order";

const rowHeight = 40;

/** The shards one by one. However many there are, only those in sight are drawn. */
export function ShardTable({ shards, selected, sort, onSort, onSelect }: { shards: readonly Shard[]; selected?: string; sort?: ShardOrder; onSort: (sort: ShardOrder | undefined) => void; onSelect: (id: string) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: shards.length, getScrollElement: () => box.current, estimateSize: () => rowHeight, overscan: 12 });
  const rows = virtual.getVirtualItems();
  const before = rows[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (rows.at(-1)?.end ?? 0);
  const head = (by: By, label: string, right = true) => <Head by={by} label={label} right={right} sort={sort} onSort={onSort} />;
  return (
    <div ref={box} tabIndex={0} role="region" aria-label="Shards" className="-mb-px max-h-[60vh] overflow-auto">
      <table className="w-full min-w-4xl border-separate border-spacing-0 text-sm" aria-rowcount={shards.length + 1}>
        <thead>
          <tr className="text-xs text-muted *:sticky *:top-0 *:z-10 *:border-b *:bg-surface *:px-3 *:py-1.5 *:font-medium *:whitespace-nowrap">
            {head("shard", "Shard", false)}
            <th scope="col" className="text-left">
              Condition
            </th>
            <th scope="col" className="text-left">
              Position
            </th>
            {head("seen", "Newest record")}
            {head("lag", "Lag")}
            {head("rate", "Events/s")}
            {head("bytes", "Volume/s")}
            {head("calls", "Read budget", false)}
            <th scope="col" className="text-left">
              Read by
            </th>
          </tr>
        </thead>
        <tbody>
          {before > 0 && <Space height={before} />}
          {rows.map((row) => {
            const shard = shards[row.index];
            return shard && <Line key={shard.shard_id} shard={shard} at={row.index + 2} selected={shard.shard_id === selected} onSelect={onSelect} />;
          })}
          {after > 0 && <Space height={after} />}
        </tbody>
      </table>
    </div>
  );
}

function Space({ height }: { height: number }) {
  return (
    <tr aria-hidden>
      <td colSpan={9} style={{ height, padding: 0 }} />
    </tr>
  );
}

function Head({ by, label, right, sort, onSort }: { by: By; label: string; right: boolean; sort?: ShardOrder; onSort: (sort: ShardOrder | undefined) => void }) {
  const up = sort === by || (by === "shard" && sort === undefined);
  const down = sort === `-${by}`;
  return (
    <th scope="col" aria-sort={up ? "ascending" : down ? "descending" : "none"} className={right ? "text-right" : "text-left"}>
      <button type="button" onClick={() => onSort(turned(sort, by))} className="inline-flex items-center gap-1 font-medium hover:text-ink">
        {label}
        {up ? <ArrowUp size={12} aria-hidden /> : down ? <ArrowDown size={12} aria-hidden /> : null}
      </button>
    </th>
  );
}

const Line = memo(function Line({ shard: s, at, selected, onSelect }: { shard: Shard; at: number; selected: boolean; onSelect: (id: string) => void }) {
  const look = lookOf(s);
  return (
    <tr aria-rowindex={at} style={{ height: rowHeight }} className={cx("*:border-b *:px-3 *:whitespace-nowrap", selected ? "bg-accent-soft" : "hover:bg-hover")}>
      <td>
        <button type="button" aria-pressed={selected} onClick={() => onSelect(s.shard_id)} className={cx("inline-flex items-center gap-1.5 rounded-sm font-mono text-xs hover:underline", !s.open && "text-faint")}>
          {!!s.parents?.length && <CornerDownRight size={12} aria-label="has parents" className="text-faint" />}
          {s.shard_id}
        </button>
      </td>
      <td>
        <span className="inline-flex items-center gap-1.5">
          <Badge tone={look.tone} dot title={look.says}>
            {look.label}
          </Badge>
          {!s.open && s.condition !== "finished" && <Badge>Closed</Badge>}
        </span>
        {s.error && <Said text={s.error} tone="text-bad" />}
      </td>
      <td>
        {s.sequence_number ? (
          <span className="inline-flex items-center gap-0.5">
            <code title={s.sequence_number}>{abridged(s.sequence_number)}</code>
            {s.taken >= 0 && <span className="text-faint">+{s.taken}</span>}
            <IconButton icon={Copy} label={`Copy the sequence number of ${s.shard_id}`} size="sm" onClick={() => void copy(s.sequence_number)} />
          </span>
        ) : (
          <span className="text-faint">–</span>
        )}
      </td>
      <Figure>{s.last_arrived_at ? <Time at={s.last_arrived_at} /> : "–"}</Figure>
      <Figure>{duration(s.lag_ms)}</Figure>
      <Figure>{measured(s.events_per_second)}</Figure>
      <Figure>{bytes(Math.round(s.bytes_per_second))}</Figure>
      <td>
        {s.limits ? (
          <span className="inline-flex flex-col align-middle leading-none">
            <Budget name="calls" label={`${s.shard_id}: used of 5 calls a second`} value={s.limits.calls} />
            <Budget name="bytes" label={`${s.shard_id}: used of 2 MiB a second`} value={s.limits.bytes} />
          </span>
        ) : (
          <span className="text-faint">{s.read === "fan_out" ? "its own" : "–"}</span>
        )}
      </td>
      <td>
        {s.read === "fan_out" ? "Fan-out" : s.read === "poll" ? "Polling" : "–"}
        {s.fallback && <Said text={`Not by fan-out: ${s.fallback}`} tone="text-warn" />}
      </td>
    </tr>
  );
});

function Budget({ name, label, value }: { name: string; label: string; value: number }) {
  return (
    <span className="inline-flex items-center gap-2">
      <span className="w-7 text-2xs text-faint" aria-hidden>
        {name}
      </span>
      <Meter label={label} value={value} className="leading-none" />
    </span>
  );
}

function Figure({ children }: { children: ReactNode }) {
  return <td className="text-right tabular">{children}</td>;
}

/** What is too long for its place: in full on hover and focus. */
function Said({ text, tone }: { text: string; tone: string }) {
  return (
    <Tooltip text={text}>
      <button type="button" className={cx("ml-1.5 max-w-44 truncate rounded-sm align-middle text-xs underline decoration-dotted underline-offset-2", tone)}>
        {text}
      </button>
    </Tooltip>
  );
}
