// What a tab without a query shows: questions that can be asked of the tables that are there.
import { ArrowRight, SquareTerminal } from "lucide-react";
import { NoneOfYours } from "@/accounts/none-of-yours";
import { useSession } from "@/lib/session";
import { sqlName } from "@/lib/sql";
import { LinkButton } from "@/ui/button";
import { Empty } from "@/ui/layout";
import { tableName } from "./lang/names";
import type { Table } from "./lang/scope";
import { newestRows } from "./newest";
import type { View } from "./tabs";

export interface Example {
  title: string;
  sql: string;
  view: View;
}

export function examplesFor(tables: readonly Table[]): Example[] {
  const table = tables.find((t) => t.schema === "main");
  if (!table) return [];
  const name = tableName(table.schema, table.name);
  const own = table.columns.filter((c) => !c.name.startsWith("_"));
  const told = own.find((c) => c.type === "VARCHAR" && /type|kind|status|name|category/i.test(c.name)) ?? own.find((c) => c.type === "VARCHAR");
  const measure = own.find((c) => /^(DOUBLE|BIGINT|DECIMAL)/.test(c.type) && /total|amount|price|ms|duration|bytes|count/i.test(c.name));
  const quarantine = tables.find((t) => t.schema === "quarantine" && t.name === table.name);
  const minute = "date_trunc('minute', _arrived_at) AS minute";
  const range = "WHERE _arrived_at >= $from AND _arrived_at < $to";
  return [
    { title: "The newest events", sql: newestRows(table), view: "grid" },
    { title: "Events a minute", sql: `SELECT ${minute}, count(*) AS events\nFROM ${name}\n${range}\nGROUP BY ALL\nORDER BY minute`, view: "both" },
    ...(told
      ? [
          {
            title: `Events by ${told.name}`,
            sql: `SELECT ${sqlName(told.name)}, count(*) AS events\nFROM ${name}\n${range}\nGROUP BY ALL\nORDER BY events DESC\nLIMIT 20`,
            view: "both" as const,
          },
        ]
      : []),
    ...(measure
      ? [
          {
            title: `Median and 99th percentile of ${measure.name}`,
            sql: `SELECT ${minute},\n  median(${sqlName(measure.name)}) AS median,\n  quantile_cont(${sqlName(measure.name)}, 0.99) AS p99\nFROM ${name}\n${range}\nGROUP BY ALL\nORDER BY minute`,
            view: "chart" as const,
          },
        ]
      : []),
    { title: "Every column at a glance", sql: `SUMMARIZE ${name}`, view: "grid" },
    ...(quarantine
      ? [
          {
            title: "What went to quarantine, and why",
            sql: `SELECT reason, field, count(*) AS events, any_value(message) AS example\nFROM ${tableName("quarantine", quarantine.name)}\nGROUP BY ALL\nORDER BY events DESC`,
            view: "grid" as const,
          },
        ]
      : []),
  ];
}

export default function Examples({ tables, loaded, open }: { tables: readonly Table[]; loaded: boolean; open: (example: Example) => void }) {
  const limited = useSession().me?.limited;
  if (!loaded) return <div role="status" aria-label="Asking for the tables" className="m-3 min-h-24 flex-1 animate-breathe rounded-md bg-sunken" />;
  const examples = examplesFor(tables);
  if (examples.length === 0) {
    return (
      <div className="min-h-0 flex-1 overflow-auto">
        {limited ? (
          <NoneOfYours icon={SquareTerminal} title="None of your tables is here yet" />
        ) : (
          <Empty icon={SquareTerminal} title="There is no table to ask yet" actions={<LinkButton to="/connect">Connect a stream</LinkButton>}>
            Connect a stream: its events are rows a moment later, and every question you can put in SQL has an answer here.
          </Empty>
        )}
      </div>
    );
  }
  return (
    <div className="min-h-0 flex-1 overflow-auto px-4 py-6">
      <div className="mx-auto max-w-3xl">
        <h2 className="text-sm">Ask something</h2>
        <p className="mt-0.5 text-sm text-muted">Write a query above, or begin with one of these. They use the tables that are there; change them as you like.</p>
        <ul className="mt-4 grid gap-2 sm:grid-cols-2">
          {examples.map((e) => (
            <li key={e.title}>
              <button type="button" className="group flex h-full w-full flex-col gap-1 rounded-md border bg-surface px-3 py-2.5 text-left hover:border-edge hover:bg-hover" onClick={() => open(e)}>
                <span className="flex items-center gap-2 text-sm font-medium">
                  <span className="flex-1">{e.title}</span>
                  <ArrowRight size={14} aria-hidden className="text-faint transition-transform group-hover:translate-x-0.5" />
                </span>
                <code className="line-clamp-2 text-xs break-words text-faint">{e.sql.replace(/\s+/g, " ")}</code>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
