// Which tables somebody may read: told, and chosen.
import { useQuery } from "@tanstack/react-query";
import { tablesQuery } from "@/api/queries";
import type { Role } from "@/lib/session";
import { plural } from "@/lib/format";
import { Checkbox } from "@/ui/form";
import { ProblemBox } from "@/ui/problem";
import { Tooltip } from "@/ui/tooltip";

/** The tables that may be read; null: all. */
export type Limit = readonly string[] | null;

export function limitOf({ limited, tables }: { limited: boolean; tables: readonly string[] }): Limit {
  return limited ? tables : null;
}

/** The limit as a request says it. */
export function limitBody(limit: Limit): { limited: boolean; tables?: string[] } {
  return limit === null ? { limited: false } : { limited: true, tables: [...limit] };
}

/** "all", the names of a few, or how many they are, with the names on hover. */
export function LimitText({ limit }: { limit: Limit }) {
  if (limit === null) return "all";
  if (limit.length === 0) return <span className="text-warn">none</span>;
  if (limit.length <= 2) return limit.join(", ");
  return (
    <Tooltip text={limit.join(", ")}>
      <span tabIndex={0}>{plural(limit.length, "table")}</span>
    </Tooltip>
  );
}

/** Chooses the tables among those that there are. `within`: those that may be chosen at all. */
export function LimitField({ limit, onChange, role, within = null }: { limit: Limit; onChange: (limit: Limit) => void; role: Role; within?: Limit }) {
  const tables = useQuery(tablesQuery);
  const names = [...new Set([...(tables.data ?? []).map((t) => t.name), ...(limit ?? [])])].sort();
  const shown = names.filter((n) => within === null || within.some((w) => w.toLowerCase() === n.toLowerCase()) || limit?.includes(n));
  if (role === "admin") return <Said>An admin reads all tables: a limit could be lifted by themselves.</Said>;
  return (
    <fieldset className="space-y-2">
      <legend className="mb-1 text-sm font-medium">Tables</legend>
      <Checkbox label="Only some tables" checked={limit !== null} onChange={(e) => onChange(e.target.checked ? [] : null)} />
      {limit !== null && (
        <div className="max-h-48 overflow-y-auto rounded-md border px-3 py-2">
          {tables.error && !tables.data && <ProblemBox error={tables.error} retry={() => void tables.refetch()} />}
          {tables.data && shown.length === 0 && <Said>There is no table yet.</Said>}
          <ul className="space-y-1">
            {shown.map((name) => (
              <li key={name}>
                <Checkbox label={<span className="break-all">{name}</span>} checked={limit.includes(name)} onChange={(e) => onChange(e.target.checked ? [...limit, name] : limit.filter((n) => n !== name))} />
              </li>
            ))}
          </ul>
        </div>
      )}
      {limit !== null && <Said>{limit.length === 0 ? "None is chosen: nothing could be read." : "Their quarantine comes with them. Everything that tells of all tables is out of reach."}</Said>}
      {limit === null && within !== null && <Said>All that you may read: {within.join(", ") || "none"}.</Said>}
    </fieldset>
  );
}

function Said({ children }: { children: React.ReactNode }) {
  return <p className="text-xs text-faint">{children}</p>;
}
