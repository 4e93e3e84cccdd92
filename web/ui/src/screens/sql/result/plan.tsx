// How a statement is run, as a tree: each operator with the rows it expects and gives, and its share of the time.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, data } from "@/api/client";
import { copy } from "@/lib/clipboard";
import { number, percent } from "@/lib/format";
import { Button } from "@/ui/button";
import { Switch } from "@/ui/form";
import { ProblemBox } from "@/ui/problem";
import type { PlanNode } from "../queries";
import type { PlanOrder } from "../work";

export default function PlanView({ order, onChange }: { order: PlanOrder; onChange: (order: PlanOrder) => void }) {
  const plan = useQuery({
    queryKey: ["sql", "explain", order],
    queryFn: ({ signal }) => data(api.POST("/api/v1/sql/explain", { body: { sql: order.sql, params: order.params, analyze: order.analyze }, signal })),
    staleTime: Infinity,
    gcTime: 60_000,
    refetchOnWindowFocus: false,
  });
  const total = plan.data ? sum(plan.data.plan) : 0;
  return (
    <section aria-label="How it is run" className="min-h-0 flex-1 overflow-auto px-3 py-3">
      <div className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-2">
        <Switch label="Run it and measure" checked={order.analyze} onChange={(analyze) => onChange({ ...order, analyze })} />
        {plan.data?.elapsed_ms !== undefined && (
          <span className="text-xs text-muted tabular">
            took {ms(plan.data.elapsed_ms)}, {ms(total)} of work over all threads
          </span>
        )}
        <span className="flex-1" />
        {plan.data && (
          <Button size="sm" kind="quiet" onClick={() => void copy(plan.data.text, "Plan copied")}>
            Copy as text
          </Button>
        )}
      </div>
      {plan.isPending && <p role="status" className="animate-breathe text-sm text-muted">{order.analyze ? "Running it to measure…" : "Asking for the plan…"}</p>}
      {plan.error && <ProblemBox error={plan.error} retry={() => void plan.refetch()} />}
      {plan.data && (
        <>
          <ul className="text-sm">
            <Operator node={plan.data.plan} total={total} first />
          </ul>
          <p className="mt-3 text-xs text-faint">Rows flow from the bottom to the top. {order.analyze ? "The bars are shares of the time that the operators worked." : "The numbers are what the engine expects; measuring shows what it gets."}</p>
        </>
      )}
    </section>
  );
}

function sum(node: PlanNode): number {
  return (node.elapsed_ms ?? 0) + node.children.reduce((all, child) => all + sum(child), 0);
}

function ms(value: number): string {
  return value < 1 ? `${value.toPrecision(2)} ms` : value < 1000 ? `${value.toFixed(1)} ms` : `${(value / 1000).toFixed(2)} s`;
}

/** SEQ_SCAN as people say it: Seq scan. */
function spoken(operator: string): string {
  const words = operator.replaceAll("_", " ").trim().toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function Operator({ node, total, first }: { node: PlanNode; total: number; first?: boolean }) {
  const [open, setOpen] = useState(false);
  const entries = Object.entries(node.detail);
  const brief = node.detail.Table ?? node.detail.Filters ?? node.detail.Conditions ?? node.detail.Groups ?? node.detail["Order By"] ?? node.detail.Function ?? entries[0]?.[1] ?? "";
  const share = node.elapsed_ms !== undefined && total > 0 ? node.elapsed_ms / total : undefined;
  return (
    <li className={first ? "" : "ml-2.5 border-l pl-3.5"}>
      <div className="relative flex flex-wrap items-center gap-x-3 gap-y-1 rounded-md py-1 hover:bg-hover/60">
        {!first && <span aria-hidden className="absolute top-1/2 -left-3.5 w-2.5 border-t" />}
        <button type="button" aria-expanded={open} disabled={entries.length === 0} className="flex min-w-0 flex-1 basis-60 items-baseline gap-2 text-left" onClick={() => setOpen(!open)}>
          <span className="font-medium whitespace-nowrap">
            <span aria-hidden className="inline-block w-4 text-faint">
              {entries.length === 0 ? "" : open ? "▾" : "▸"}
            </span>
            {spoken(node.operator)}
          </span>
          {!open && <span className="truncate font-mono text-xs text-faint">{brief.replaceAll("\n", ", ")}</span>}
        </button>
        <Rows node={node} />
        {share !== undefined && (
          <span className="flex w-40 items-center gap-2">
            <span aria-hidden className="h-1.5 flex-1 overflow-hidden rounded-full bg-sunken">
              <span className="block h-full rounded-full bg-accent" style={{ width: `${Math.max(share * 100, share > 0 ? 1 : 0)}%` }} />
            </span>
            <span className="w-20 text-right text-xs whitespace-nowrap text-muted tabular" title={`${percent(share)} of the time`}>
              {ms(node.elapsed_ms ?? 0)}
            </span>
          </span>
        )}
      </div>
      {open && (
        <dl className="mb-1 ml-4 space-y-1 rounded-md bg-sunken px-3 py-2 text-xs">
          {entries.map(([name, value]) => (
            <div key={name} className="flex gap-3">
              <dt className="w-28 shrink-0 text-faint">{name}</dt>
              <dd className="min-w-0 font-mono break-words whitespace-pre-wrap">{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {node.children.length > 0 && (
        <ul>
          {node.children.map((child, i) => (
            <Operator key={i} node={child} total={total} />
          ))}
        </ul>
      )}
    </li>
  );
}

/** What it gave, and what was expected where that is far off: that is where plans go wrong. */
function Rows({ node }: { node: PlanNode }) {
  const { rows, estimated_rows: expected } = node;
  if (rows === undefined) {
    return expected === undefined ? null : <span className="text-xs whitespace-nowrap text-muted tabular">about {number(expected)} rows</span>;
  }
  const far = expected !== undefined && (rows > 10 * (expected + 10) || expected > 10 * (rows + 10));
  return (
    <span className="text-xs whitespace-nowrap text-muted tabular">
      {number(rows)} {rows === 1 ? "row" : "rows"}
      {expected !== undefined && <span className={far ? "text-warn" : "text-faint"}>, expected {number(expected)}</span>}
    </span>
  );
}
