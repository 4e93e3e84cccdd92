// The schema browser: every table that a statement may name, its columns, and what is in them.
import { useQuery } from "@tanstack/react-query";
import { ChevronRight, CornerDownLeft, Rows3 } from "lucide-react";
import { useMemo, useState } from "react";
import { tablesQuery } from "@/api/queries";
import { OnlySome } from "@/accounts/none-of-yours";
import { useSession } from "@/lib/session";
import { sqlName } from "@/lib/sql";
import { measured } from "@/lib/format";
import { IconButton } from "@/ui/button";
import { ProblemBox } from "@/ui/problem";
import { cx } from "@/ui/cx";
import { tableName } from "../lang/names";
import type { Table } from "../lang/scope";
import { newestRows } from "../newest";
import { ColumnPanel } from "./column";
import { SearchField, type SideProps } from "./panel";

const noTable = "There is no table yet. Connect a stream, and its events are rows here.";
const noneYet: readonly Table[] = [];
const groups = [
  { schema: "main", title: "Tables" },
  { schema: "quarantine", title: "Quarantine" },
  { schema: "helios", title: "Helios itself" },
] as const;

export function TablesPanel({ tables, tablesError, insert, open }: SideProps) {
  const [search, setSearch] = useState("");
  const limited = useSession().me?.limited;
  const all = tables ?? noneYet;
  const [chosen, setChosen] = useState<{ table: Table; column: number } | null>(null);
  const live = useQuery(tablesQuery);
  const counts = useMemo(() => new Map((live.data ?? []).flatMap((t) => [[`main.${t.name}`, t.rows] as [string, number], [`quarantine.${t.name}`, t.quarantined] as [string, number]])), [live.data]);
  const found = useMemo(() => matching(all, search.trim().toLowerCase()), [all, search]);
  const none = tables?.length === 0;
  const column = chosen?.table.columns[chosen.column];
  if (chosen && column) return <ColumnPanel table={chosen.table} column={column} back={() => setChosen(null)} insert={insert} open={open} />;
  return (
    <>
      <SearchField label="Find a table or column" value={search} onChange={setSearch} />
      <div className="min-h-0 flex-1 overflow-y-auto px-1.5 pb-4">
        {!!tablesError && tables === undefined && <ProblemBox error={tablesError} />}
        {!tablesError && tables === undefined && <p role="status" className="animate-breathe px-2 py-3 text-xs text-muted">Asking for the tables…</p>}
        {none && <div className="px-2 py-3 text-xs text-muted">{limited ? <OnlySome /> : noTable}</div>}
        {[...groups, ...others(found)].map(({ schema, title }) => {
          const members = found.filter((t) => t.schema === schema);
          if (members.length === 0) return schema === "main" && all.length > 0 && !search ? <p key={schema} className="px-2 py-3 text-xs text-muted">{noTable}</p> : null;
          return (
            <section key={schema} aria-label={title}>
              <h2 className="px-1.5 pt-2 pb-1 text-xs font-medium text-faint">{title}</h2>
              <ul>
                {members.map((t) => (
                  <TableItem key={t.name} table={t} rows={counts.get(`${t.schema}.${t.name}`)} startOpen={search !== "" || (t.schema === "main" && members.length === 1)} insert={insert} open={open} choose={(i) => setChosen({ table: all.find((x) => x.schema === t.schema && x.name === t.name) ?? t, column: i })} columnsOf={all} />
                ))}
              </ul>
            </section>
          );
        })}
        {search && found.length === 0 && <p className="px-2 py-3 text-xs text-muted">No table or column is called that.</p>}
      </div>
    </>
  );
}

function others(tables: readonly Table[]): { schema: string; title: string }[] {
  const known = new Set<string>(groups.map((g) => g.schema));
  return [...new Set(tables.map((t) => t.schema))].filter((s) => !known.has(s)).map((schema) => ({ schema, title: schema }));
}

/** Tables with the text in their name, whole; others with the columns that have it. */
function matching(tables: readonly Table[], text: string): Table[] {
  if (!text) return [...tables];
  return tables.flatMap((t) => {
    if (`${t.schema}.${t.name}`.toLowerCase().includes(text)) return [t];
    const columns = t.columns.filter((c) => c.name.toLowerCase().includes(text));
    return columns.length > 0 ? [{ ...t, columns }] : [];
  });
}

interface ItemProps {
  table: Table;
  rows?: number;
  startOpen: boolean;
  insert: (text: string) => void;
  open: (sql: string) => void;
  choose: (column: number) => void;
  /** All tables, with all of their columns: the search leaves columns out. */
  columnsOf: readonly Table[];
}

const quietly = "opacity-0 group-hover:opacity-100 group-focus-within:opacity-100 pointer-coarse:opacity-100";

function TableItem({ table, rows, startOpen, insert, open, choose, columnsOf }: ItemProps) {
  const [toggled, setToggled] = useState<boolean | null>(null);
  const shown = toggled ?? startOpen;
  const whole = columnsOf.find((t) => t.schema === table.schema && t.name === table.name) ?? table;
  return (
    <li>
      <div className="group flex items-center rounded-md hover:bg-hover">
        <button type="button" aria-expanded={shown} className="flex min-w-0 flex-1 items-center gap-1 px-1 py-1 text-left text-sm" onClick={() => setToggled(!shown)}>
          <ChevronRight size={13} aria-hidden className={cx("shrink-0 text-faint transition-transform", shown && "rotate-90")} />
          <span className="truncate">
            {table.schema !== "main" && <span className="text-faint">{table.schema}.</span>}
            {table.name}
          </span>
        </button>
        {rows !== undefined && (
          <span className="shrink-0 pr-1 text-2xs text-faint tabular group-hover:hidden group-focus-within:hidden pointer-coarse:inline" title={`${rows.toLocaleString("en-US")} rows`}>
            {measured(rows)}
          </span>
        )}
        <span className={cx("flex shrink-0 pr-0.5 not-pointer-coarse:w-0 not-pointer-coarse:overflow-hidden not-pointer-coarse:group-hover:w-auto not-pointer-coarse:group-focus-within:w-auto", quietly)}>
          <IconButton icon={Rows3} size="sm" label={`The newest 100 rows of ${table.name}`} onClick={() => open(newestRows(whole))} />
          <IconButton icon={CornerDownLeft} size="sm" label={`Insert ${table.name} into the query`} onClick={() => insert(tableName(table.schema, table.name))} />
        </span>
      </div>
      {shown && (
        <ul className="mb-1 ml-3 border-l pl-1.5">
          {table.columns.map((c) => (
            <li key={c.name} className="group flex items-center rounded-md hover:bg-hover">
              <button type="button" className="flex min-w-0 flex-1 items-baseline gap-2 px-1.5 py-0.5 text-left text-xs" title={`${c.name} ${c.type}`} onClick={() => choose(whole.columns.findIndex((x) => x.name === c.name))}>
                <span className={cx("truncate font-mono", c.name.startsWith("_") && "text-muted")}>{c.name}</span>
                <span className="ml-auto max-w-[45%] shrink-0 truncate text-2xs text-faint">{c.type.toLowerCase()}</span>
              </button>
              <span className={cx("flex shrink-0 not-pointer-coarse:w-0 not-pointer-coarse:overflow-hidden not-pointer-coarse:group-hover:w-auto not-pointer-coarse:group-focus-within:w-auto", quietly)}>
                <IconButton icon={CornerDownLeft} size="sm" label={`Insert ${c.name} into the query`} className="size-5" onClick={() => insert(sqlName(c.name))} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}
