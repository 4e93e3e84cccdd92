import { useQuery } from "@tanstack/react-query";
import { EyeOff, Eye, MoveHorizontal, Plus, Table2, type LucideIcon } from "lucide-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { plural } from "@/lib/format";
import { sqlName } from "@/lib/sql";
import { Button } from "@/ui/button";
import { Card, Skeleton, Time } from "@/ui/layout";
import { ProblemBox, sentence } from "@/ui/problem";
import { changesQuery, type Change } from "../queries";
import { shortShard } from "../shards/names";
import { formatText, pathText } from "./types";

const icons: Record<string, LucideIcon> = { create: Table2, add: Plus, widen: MoveHorizontal, ignore: EyeOff, unignore: Eye };
const first = 12;

/** How the schema came to be what it is: what changed, when, and by whom or by which event. */
export function History({ table, version }: { table: string; version: number | undefined }) {
  const changes = useQuery(changesQuery(table, version));
  const [all, setAll] = useState(false);
  const newest = [...(changes.data ?? [])].sort((a, b) => b.version - a.version || b.at.localeCompare(a.at));
  const shown = all ? newest : newest.slice(0, first);
  return (
    <Card title="History" flush>
      {changes.error && !changes.data ? (
        <div className="p-4">
          <ProblemBox error={changes.error} retry={() => void changes.refetch()} />
        </div>
      ) : !changes.data ? (
        <Skeleton className="p-4" />
      ) : newest.length === 0 ? (
        <p className="px-4 py-6 text-center text-sm text-muted">Nothing has changed yet.</p>
      ) : (
        <ol className="divide-y">
          {shown.map((c, i) => (
            <Item key={`${c.version} ${c.column?.name ?? ""} ${i}`} table={table} change={c} />
          ))}
        </ol>
      )}
      {newest.length > first && (
        <div className="border-t px-3 py-1">
          <Button kind="quiet" size="sm" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? "Show the newest only" : `Show all ${plural(newest.length, "change")}`}
          </Button>
        </div>
      )}
    </Card>
  );
}

function Item({ table, change: c }: { table: string; change: Change }) {
  const Icon = icons[c.kind] ?? Table2;
  return (
    <li className="flex gap-2.5 px-4 py-2.5 text-sm">
      <Icon size={15} className="mt-0.5 shrink-0 text-faint" aria-hidden />
      <div className="min-w-0 flex-1 space-y-0.5">
        <p className="break-words">{what(c)}</p>
        <p className="flex flex-wrap gap-x-2 text-xs text-muted">
          <Time at={c.at} />
          <span>version {c.version}</span>
          <span className="break-words">{c.reason === "by hand" ? "by hand" : sentence(c.reason)}</span>
          {c.shard_id && c.sequence_number && (
            <Link
              to="/sql"
              search={{ sql: `SELECT *\nFROM ${sqlName(table)}\nWHERE _shard_id = '${c.shard_id}' AND _sequence_number = '${c.sequence_number}'` }}
              className="rounded-sm text-accent hover:underline"
            >
              the event, of {shortShard(c.shard_id)}
            </Link>
          )}
        </p>
      </div>
    </li>
  );
}

function what(c: Change) {
  const column = <code>{c.column?.name}</code>;
  switch (c.kind) {
    case "create":
      return "The table was made";
    case "add":
      return (
        <>
          {column} was added as <code>{c.column.type}</code>
        </>
      );
    case "widen":
      return (
        <>
          {column} was widened from <code>{c.from}</code> to <code>{c.column.type}</code>
          {c.from === c.column.type && formatText(c.column) && `, ${formatText(c.column)}`}
        </>
      );
    case "ignore":
      return (
        <>
          The field <code>{pathText(c.path)}</code> is ignored
        </>
      );
    case "unignore":
      return (
        <>
          The field <code>{pathText(c.path)}</code> is read again
        </>
      );
    default:
      return c.kind;
  }
}
