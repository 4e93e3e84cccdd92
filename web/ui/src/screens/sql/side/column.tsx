// What a column holds: how full it is, its range, its most frequent values, and some of the newest.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { ArrowLeft, ChartColumn, CornerDownLeft } from "lucide-react";
import { number, percent } from "@/lib/format";
import { sqlName, sqlText } from "@/lib/sql";
import { Button, IconButton } from "@/ui/button";
import { ProblemBox } from "@/ui/problem";
import { tableName } from "../lang/names";
import type { Column, Table } from "../lang/scope";
import { columnQuery, type ColumnStatistics } from "../queries";

interface Props {
  table: Table;
  column: Column;
  back: () => void;
  insert: (text: string) => void;
  open: (sql: string) => void;
}

export function ColumnPanel({ table, column, back, insert, open }: Props) {
  const stats = useQuery(columnQuery(table.schema, table.name, column.name, column.type));
  const from = tableName(table.schema, table.name);
  // What was pressed to get here is gone: the focus goes on from the head of what took its place.
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section aria-label={`The column ${column.name}`} className="min-h-0 flex-1 overflow-y-auto pb-6">
      <div className="sticky top-0 z-10 flex items-start gap-1 border-b bg-sunken px-1.5 py-2">
        <IconButton icon={ArrowLeft} label="Back to the tables" size="sm" onClick={back} />
        <div className="min-w-0 flex-1">
          <h2 ref={heading} tabIndex={-1} className="font-mono text-sm break-all outline-none">
            {column.name}
          </h2>
          <p className="text-xs break-words text-faint">
            {table.schema === "main" ? table.name : `${table.schema}.${table.name}`} · {column.type.toLowerCase()}
          </p>
        </div>
        <IconButton icon={CornerDownLeft} size="sm" label={`Insert ${column.name} into the query`} onClick={() => insert(sqlName(column.name))} />
      </div>
      <div className="space-y-4 px-3 pt-3">
        {stats.error && <ProblemBox error={stats.error} retry={() => void stats.refetch()} />}
        {stats.isPending && <p role="status" className="animate-breathe text-xs text-muted">Looking at the values…</p>}
        {stats.data && <Statistics stats={stats.data} />}
        {stats.data && stats.data.top.length > 0 && (
          <Bars
            title={stats.data.top.length < stats.data.distinct ? "Most frequent" : "Values"}
            rows={stats.data.top.map((t) => ({ label: t.value === "" ? "''" : t.value, count: t.count }))}
            total={seen(stats.data) - stats.data.nulls}
            pick={(i) => insert(literal(stats.data.top[i]?.value ?? "", column.type))}
          />
        )}
        {stats.data?.histogram && stats.data.histogram.length > 1 && <Histogram buckets={stats.data.histogram} />}
        {stats.data && stats.data.examples.length > 0 && <Examples values={stats.data.examples} />}
        <Button size="sm" icon={ChartColumn} onClick={() => open(`SELECT ${sqlName(column.name)}, count(*) AS ${sqlName(column.name === "events" ? "n" : "events")}\nFROM ${from}\nGROUP BY ALL\nORDER BY 2 DESC\nLIMIT 100`)}>
          Count by value
        </Button>
      </div>
    </section>
  );
}

function seen(s: ColumnStatistics): number {
  return s.sampled_rows ?? s.rows;
}

/** A value as it is written in a statement; one that was cut cannot be. */
function literal(value: string, type: string): string {
  return /INT|DOUBLE|FLOAT|DECIMAL|BOOL/.test(type) && /^-?[\d.eE+-]+$|^(true|false)$/.test(value) ? value : sqlText(value);
}

function Statistics({ stats }: { stats: ColumnStatistics }) {
  const rows = seen(stats);
  const facts: [string, string, string?][] = [
    ["Distinct", number(stats.distinct)],
    ["NULL", rows > 0 ? `${number(stats.nulls)} (${percent(stats.nulls / rows)})` : number(stats.nulls)],
    ...(stats.min !== undefined ? [["Least", number(stats.min), stats.min] as [string, string, string]] : []),
    ...(stats.max !== undefined ? [["Greatest", number(stats.max), stats.max] as [string, string, string]] : []),
    ...(stats.mean !== undefined ? [["Mean", short(stats.mean), stats.mean] as [string, string, string]] : []),
  ];
  return (
    <div>
      <dl className="space-y-1 text-xs">
        {facts.map(([name, value, whole]) => (
          <div key={name} className="flex justify-between gap-3">
            <dt className="text-faint">{name}</dt>
            <dd className="truncate tabular" title={whole}>
              {value}
            </dd>
          </div>
        ))}
      </dl>
      <p className="mt-2 text-2xs text-faint">{stats.sampled_rows !== undefined ? `Of the newest ${number(stats.sampled_rows)} of ${number(stats.rows)} rows.` : `Of ${number(stats.rows)} rows.`}</p>
    </div>
  );
}

/** A mean has more digits than it has meaning. */
function short(value: string): string {
  const n = Number(value);
  return Number.isFinite(n) && value !== "" ? number(Number(n.toPrecision(6))) : value;
}

function Bars({ title, rows, total, pick }: { title: string; rows: readonly { label: string; count: number }[]; total: number; pick: (index: number) => void }) {
  const most = Math.max(...rows.map((r) => r.count), 1);
  return (
    <div>
      <h3 className="mb-1 text-xs text-faint">{title}</h3>
      <ul className="space-y-0.5">
        {rows.map((r, i) => (
          <li key={i}>
            <button type="button" title={`${r.label}\n${number(r.count)} rows. Inserts the value into the query.`} className="relative flex w-full items-center gap-2 overflow-hidden rounded-sm px-1.5 py-0.5 text-left text-xs hover:bg-hover" onClick={() => pick(i)}>
              <span aria-hidden className="absolute inset-y-0 left-0 rounded-sm bg-accent-soft" style={{ width: `${(r.count / most) * 100}%` }} />
              <span className="relative min-w-0 flex-1 truncate font-mono">{r.label}</span>
              <span className="relative text-2xs text-muted tabular">{total > 0 ? percent(r.count / total) : number(r.count)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Histogram({ buckets }: { buckets: NonNullable<ColumnStatistics["histogram"]> }) {
  const most = Math.max(...buckets.map((b) => b.count), 1);
  const first = buckets[0]?.from ?? "";
  const last = buckets.at(-1)?.to ?? "";
  return (
    <figure>
      <figcaption className="mb-1 text-xs text-faint">Distribution</figcaption>
      <div role="img" aria-label={`Between ${first} and ${last}; most often from ${buckets.reduce((a, b) => (b.count > a.count ? b : a)).from} on`} className="flex h-16 items-end gap-px border-b">
        {buckets.map((b, i) => (
          <span key={i} title={`${b.from} – ${b.to}: ${number(b.count)}`} className="min-w-0 flex-1 rounded-t-[2px] bg-(--series-1) hover:bg-accent-strong" style={{ height: `${b.count > 0 ? Math.max(3, (b.count / most) * 100) : 0}%` }} />
        ))}
      </div>
      <div className="mt-1 flex justify-between gap-4 text-2xs text-faint tabular">
        <span className="truncate">{number(first)}</span>
        <span className="truncate">{number(last)}</span>
      </div>
    </figure>
  );
}

function Examples({ values }: { values: readonly string[] }) {
  return (
    <div>
      <h3 className="mb-1 text-xs text-faint">Newest</h3>
      <ul className="space-y-0.5 font-mono text-xs">
        {values.map((v, i) => (
          <li key={i} className="truncate" title={v}>
            {v === "" ? <span className="text-faint">empty</span> : v}
          </li>
        ))}
      </ul>
    </div>
  );
}
