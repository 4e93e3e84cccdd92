import { Clock, DatabaseZap, Ellipsis, EyeOff, MoveHorizontal } from "lucide-react";
import { useNavigate } from "@tanstack/react-router";
import { useSession } from "@/lib/session";
import { sqlName } from "@/lib/sql";
import { IconButton } from "@/ui/button";
import { Badge } from "@/ui/layout";
import { Menu, type MenuItem } from "@/ui/menu";
import type { Column, TableInfo } from "../queries";
import { formatText, pathText, system, widerThan } from "./types";

/** The columns of a table, and what can be done with each. */
export function Columns({ table, columns, changes, onWiden, onIgnore, onEventTime }: { table: TableInfo; columns: readonly Column[]; changes: boolean; onWiden: (c: Column) => void; onIgnore: (c: Column) => void; onEventTime: (c: Column) => void }) {
  const navigate = useNavigate();
  const ignored = new Set(table.ignore.map((p) => JSON.stringify(p)));
  const sql = useSession().reaches("/sql");
  const items = (c: Column): (MenuItem | "-" | false)[] => {
    const name = sqlName(c.name);
    const all: (MenuItem | "-" | false)[] = [
      sql && { label: "Its values as SQL", icon: DatabaseZap, run: () => void navigate({ to: "/sql", search: { sql: `SELECT ${name}, count(*) AS events\nFROM ${sqlName(table.name)}\nGROUP BY 1\nORDER BY 2 DESC\nLIMIT 100` } }) },
    ];
    if (!changes) return all;
    if (c.type === "TIMESTAMP" && !system(c) && table.event_time !== c.name) all.push({ label: "Take as event time", icon: Clock, run: () => onEventTime(c) });
    if (widerThan(c).length) all.push("-", { label: "Widen…", icon: MoveHorizontal, run: () => onWiden(c) });
    if (!system(c) && !ignored.has(JSON.stringify(c.path))) all.push({ label: "Ignore the field…", icon: EyeOff, run: () => onIgnore(c) });
    return all;
  };
  return (
    <div tabIndex={0} role="region" aria-label="Columns" className="max-h-[65vh] overflow-auto">
      <table className="w-full border-separate sm:min-w-lg border-spacing-0 text-sm">
        <thead>
          <tr className="text-left text-xs text-muted *:sticky *:top-0 *:z-10 *:border-b *:bg-surface *:px-4 *:py-1.5 *:font-medium">
            <th scope="col">Column</th>
            <th scope="col">Type</th>
            <th scope="col" className="max-sm:hidden">Field</th>
            <th scope="col">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {columns.map((c) => (
            <tr key={c.name} className="*:border-b *:px-4 *:py-1.5 last:*:border-b-0 hover:bg-hover">
              <td>
                <code className="text-xs break-all">{c.name}</code>
                {(pathText(c.path) !== c.name || table.event_time === c.name) && (
                  <div className="text-xs sm:hidden">
                    <Field table={table} column={c} ignored={ignored} />
                  </div>
                )}
              </td>
              <td className="whitespace-nowrap">
                <code className="text-xs">{c.type}</code>
                {formatText(c) && <span className="ml-1.5 text-xs text-faint">{formatText(c)}</span>}
              </td>
              <td className="max-sm:hidden">
                <Field table={table} column={c} ignored={ignored} />
              </td>
              <td className="w-10 text-right">
                {(sql || changes) && (
                  <Menu items={items(c)}>
                    <IconButton icon={Ellipsis} label={`Actions of ${c.name}`} size="sm" />
                  </Menu>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What of the event a column holds: beside its name, or below it where there is little room. */
function Field({ table, column: c, ignored }: { table: TableInfo; column: Column; ignored: ReadonlySet<string> }) {
  return (
    <span className="flex flex-wrap items-center gap-1.5">
      {system(c) ? <span className="text-faint">from Helios</span> : <span className="break-all text-muted">{pathText(c.path)}</span>}
      {table.event_time === c.name && <Badge tone="accent">Event time</Badge>}
      {c.path && ignored.has(JSON.stringify(c.path)) && <Badge>Ignored</Badge>}
    </span>
  );
}
