// The lineage of shards, drawn: what they were split into and merged from, how they are doing, and how much each takes in.
import { memo, useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { measured, percent, plural } from "@/lib/format";
import { cx } from "@/ui/cx";
import type { Shard } from "../queries";
import { lookOf } from "./condition";
import { lineageOf, recent, sameLineage, shareOf, type Lineage, type LineageNode } from "./lineage";
import { shortShard } from "./names";

const gap = 28; // between generations
const narrowest = 44;
const newest = 160; // the generation at the right shows rates: it has at least this width

/** Columns of the generations: where each begins, and how wide it is. */
function columnsOf(generations: number, width: number): { left: number; width: number }[] {
  const older = generations - 1;
  const each = older ? Math.min(132, Math.max(narrowest, (width - newest) / older - gap)) : 0;
  const last = Math.max(newest, width - older * (each + gap));
  return Array.from({ length: generations }, (_, i) => ({ left: i * (each + gap), width: i < older ? each : last }));
}

function rowHeight(rows: number, fit: boolean): number {
  if (rows <= 10) return 34;
  if (fit) return Math.max(1, Math.min(26, 440 / rows));
  return 24;
}

export function LineageTree({ shards: all, selected, onSelect, fit }: { shards: readonly Shard[]; selected?: string; onSelect: (id: string) => void; fit: boolean }) {
  const shards = useMemo(() => recent(all), [all]);
  const lineage = useLineage(shards);
  const byId = useMemo(() => new Map(shards.map((s) => [s.shard_id, s])), [shards]);
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [at, setAt] = useState<string | null>(null);
  const columns = columnsOf(lineage.generations, width);
  const unit = rowHeight(lineage.rows, fit);
  const fastest = Math.max(1e-9, ...shards.map((s) => s.events_per_second));
  const entry = at && byId.has(at) ? at : selected && byId.has(selected) ? selected : lineage.nodes[0]?.id;
  const shown = at ? byId.get(at) : undefined;

  const steer = (e: KeyboardEvent) => {
    const node = lineage.nodes.find((n) => n.id === at);
    const next = node && neighbour(lineage, node, e.key);
    if (!next) return;
    e.preventDefault();
    box.current?.querySelector<HTMLElement>(`[data-shard="${CSS.escape(next)}"]`)?.focus();
  };
  const look = useCallback((id: string | null) => setAt(id), []);
  const last = columns.at(-1);
  return (
    <div>
      <div ref={box} className="max-h-120 overflow-auto px-4 py-3" onKeyDown={steer} onPointerLeave={() => setAt(null)}>
        <div role="group" aria-label={summary(shards, lineage)} className="relative" style={{ width: last ? last.left + last.width : 0, height: lineage.rows * unit }}>
          <Ribbons lineage={lineage} columns={columns} unit={unit} />
          {width > 0 &&
            lineage.nodes.map((n) => {
              const shard = byId.get(n.id);
              const first = columns[n.from];
              const end = columns[n.to - 1];
              if (!shard || !first || !end || !last) return null;
              return (
                <Node
                  key={n.id}
                  id={n.id}
                  condition={shard.condition}
                  open={n.open}
                  rate={shard.open ? measured(shard.events_per_second) : null}
                  share={Math.round((shard.events_per_second / fastest) * 100) / 100}
                  left={first.left}
                  width={end.left + end.width - first.left}
                  bar={n.to === lineage.generations ? last.width : 0}
                  top={n.top * unit}
                  height={(n.bottom - n.top) * unit}
                  selected={n.id === selected}
                  entry={n.id === entry}
                  label={lasting(shard, n)}
                  onLook={look}
                  onSelect={onSelect}
                />
              );
            })}
        </div>
      </div>
      <p className="min-h-8 border-t px-4 py-1.5 text-xs text-muted" aria-hidden>
        {shown ? told(shown, lineage.nodes.find((n) => n.id === at)) : explained(all.length - shards.length)}
      </p>
    </div>
  );
}

interface NodeProps {
  id: string;
  condition: string;
  open: boolean;
  rate: string | null;
  /** Of the fastest shard's rate. */
  share: number;
  left: number;
  width: number;
  /** The width that the bar of a rate may have, 0 for none. */
  bar: number;
  top: number;
  height: number;
  selected: boolean;
  entry: boolean;
  label: string;
  onLook: (id: string) => void;
  onSelect: (id: string) => void;
}

const Node = memo(function Node({ id, condition, open, rate, share, left, width, bar, top, height, selected, entry, label, onLook, onSelect }: NodeProps) {
  const look = lookOf({ condition });
  const space = height > 8 ? 3 : height > 3 ? 1 : 0;
  const written = height >= 15;
  return (
    <button
      type="button"
      data-shard={id}
      aria-label={label}
      aria-pressed={selected}
      tabIndex={entry ? 0 : -1}
      onFocus={() => onLook(id)}
      onPointerEnter={() => onLook(id)}
      onClick={() => onSelect(id)}
      style={{ left, width, top: top + space / 2, height: Math.max(0.5, height - space) }}
      className={cx(
        "absolute flex items-center overflow-hidden text-left text-xs hover:z-10 focus-visible:z-20",
        height > 8 && "rounded-sm border",
        open ? "border-edge bg-surface text-ink" : "bg-sunken text-faint",
        selected && "z-10 border-accent ring-1 ring-accent",
        !written && "hover:ring-1 hover:ring-accent",
      )}
    >
      <span className={cx("absolute inset-y-0 left-0", height > 8 ? "w-1" : "w-2", open || condition !== "finished" ? look.fill : "bg-edge")} />
      {open && bar > 0 && (
        <span className="absolute inset-y-0 right-0" style={{ width: bar - 8 }}>
          <span className="block h-full bg-accent-soft" style={{ width: `${share * 100}%` }} />
          {height <= 8 && <span className="absolute inset-y-0 left-0 bg-(--series-1)" style={{ width: `${share * 100}%` }} />}
        </span>
      )}
      {written && (
        <span className="relative flex w-full items-center gap-2 truncate pr-2 pl-2.5">
          <span className="truncate">{width < 64 ? shortShard(id).replace("shard ", "") : shortShard(id)}</span>
          {!["reading", "finished"].includes(condition) && <span className={cx("truncate font-medium", { warn: "text-warn", bad: "text-bad", info: "text-info" }[look.tone as string] ?? "text-muted")}>{look.label}</span>}
          <span className="flex-1" />
          {rate !== null && width > 150 && <span className="tabular text-muted">{rate}/s</span>}
        </span>
      )}
    </button>
  );
});

/** What joins parents and children: the hash keys that they share. */
function Ribbons({ lineage, columns, unit }: { lineage: Lineage; columns: { left: number; width: number }[]; unit: number }) {
  const rows = new Map(lineage.nodes.map((n) => [n.id, n]));
  const middle = (id: string) => {
    const n = rows.get(id);
    return n ? ((n.top + n.bottom) / 2) * unit : 0;
  };
  const last = columns.at(-1);
  if (!last) return null;
  return (
    <svg aria-hidden className="absolute inset-0" width={last.left + last.width} height={lineage.rows * unit}>
      {lineage.links.map((l) => {
        const to = columns[l.at]?.left ?? 0;
        const from = to - gap;
        const space = unit > 8 ? 3 : 0;
        const key = `${l.parent} ${l.child}`;
        if (l.rows) return <rect key={key} x={from} width={gap} y={l.rows.top * unit + space} height={Math.max(0.5, (l.rows.bottom - l.rows.top) * unit - 2 * space)} fill="var(--hover)" />;
        const [a, b] = [middle(l.parent), middle(l.child)];
        return <path key={key} d={`M${from} ${a}C${from + gap / 2} ${a} ${to - gap / 2} ${b} ${to} ${b}`} fill="none" stroke="var(--edge)" strokeWidth="1.5" />;
      })}
    </svg>
  );
}

/** Where an arrow key leads: to the parent, to the child, or along the generation. */
function neighbour(lineage: Lineage, node: LineageNode, key: string): string | undefined {
  if (key === "ArrowLeft") return node.parents[0];
  if (key === "ArrowRight") return node.children[0];
  if (key !== "ArrowUp" && key !== "ArrowDown") return undefined;
  const beside = lineage.nodes.filter((n) => n.from <= node.from && n.to > node.from).sort((a, b) => a.top - b.top);
  return beside[beside.indexOf(node) + (key === "ArrowDown" ? 1 : -1)]?.id;
}

function explained(leftOut: number): string {
  return `From left to right: what shards were split into or merged from. From top to bottom: the hash keys. Bars: events a second.${leftOut ? ` ${plural(leftOut, "older shard")} are only in the list below.` : ""}`;
}

/** All that is told of a shard at the foot of the drawing. */
function told(shard: Shard, node: LineageNode | undefined): string {
  const share = shareOf(shard);
  return [lasting(shard, node), shard.open ? `${measured(shard.events_per_second)} events/s` : "", share === null ? "" : `${percent(share)} of the hash keys`].filter(Boolean).join(" · ");
}

/** What does not change from second to second. */
function lasting(shard: Shard, node: LineageNode | undefined): string {
  return [
    `${shard.shard_id}: ${lookOf(shard).label.toLowerCase()}`,
    shard.open || shard.condition === "finished" ? "" : "closed",
    node?.parents.length ? `${node.parents.length > 1 ? "merged from" : "split from"} ${node.parents.map(shortShard).join(" and ")}` : "",
    node?.children.length ? `became ${node.children.map(shortShard).join(" and ")}` : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

function summary(shards: readonly Shard[], lineage: Lineage): string {
  const open = shards.filter((s) => s.open).length;
  return `Lineage of ${plural(shards.length, "shard")}, ${open} open, in ${plural(lineage.generations, "generation")}. The arrow keys lead to parents, children and neighbours.`;
}

/** The lineage, laid out anew only when a shard came or went. */
function useLineage(shards: readonly Shard[]): Lineage {
  const [steady, setSteady] = useState(shards);
  const changed = steady !== shards && !sameLineage(steady, shards);
  if (changed) setSteady(shards);
  const now = changed ? shards : steady;
  return useMemo(() => lineageOf(now), [now]);
}

function useWidth(ref: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const node = ref.current;
    if (!node) return;
    const watch = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
    watch.observe(node);
    return () => watch.disconnect();
  }, [ref]);
  return width;
}
