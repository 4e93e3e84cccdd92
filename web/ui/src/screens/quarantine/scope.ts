// Which quarantined events are meant: those of a table, of one reason, of one field; and how that is said to the server.
import type { Schemas } from "@/api/client";
import { reasonLabel } from "@/data/reasons";
import { sqlName, sqlText } from "@/lib/sql";

export interface Scope {
  table: string;
  reason?: string;
  /** Empty: the events of no field. */
  field?: string;
  search?: string;
}

type Filter = Schemas["QuarantineFilter"];

/** As the bodies of requests have it. */
export function filterOf({ reason, field, search }: Scope): Filter {
  return { ...(reason !== undefined && { reason }), ...(field !== undefined && { field }), ...(search && { search }) };
}

/** The events of a scope, or a part of the API below it. */
export function pathOf(scope: Scope, part = ""): string {
  const said = new URLSearchParams(Object.entries(filterOf(scope)).map(([k, v]) => [k, String(v)])).toString();
  return `/api/v1/quarantine/${encodeURIComponent(scope.table)}${part}${said ? `?${said}` : ""}`;
}

// The bytes of an event as text, those of one that is no UTF-8 with escapes.
const eventText = "coalesce(try(decode(raw)), CAST(raw AS VARCHAR))";

/** What a statement has to ask for to find the events of a scope. */
function whereOf({ reason, field, search }: Scope): string {
  const conditions: string[] = [];
  if (reason !== undefined) conditions.push(`reason = ${sqlText(reason)}`);
  if (field !== undefined) conditions.push(field === "" ? "field IS NULL" : `field = ${sqlText(field)}`);
  if (search) conditions.push(`(contains(lower(${eventText}), lower(${sqlText(search)})) OR contains(lower(message), lower(${sqlText(search)})) OR sequence_number = ${sqlText(search)})`);
  return conditions.length ? `WHERE ${conditions.join("\n  AND ")}\n` : "";
}

/** The statement that asks for the events of a scope. */
export function statementOf(scope: Scope): string {
  return (
    `SELECT quarantined_at, arrived_at, reason, field, message, shard_id, sequence_number, record_index, partition_key,\n       ${eventText} AS event\n` +
    `FROM quarantine.${sqlName(scope.table)}\n${whereOf(scope)}ORDER BY quarantined_at DESC`
  );
}

/** Asks, before a replay, for what tells its rows afterwards: the server's time, and when the first and the last event arrived. */
export function beforeReplay(scope: Scope): string {
  return `SELECT now(), min(arrived_at), max(arrived_at)\nFROM quarantine.${sqlName(scope.table)}\n${whereOf(scope)}`;
}

/** The statement that asks for the rows of a replay: they were made after its start of events that arrived before. */
export function replayedRows(table: string, began: string, first: string, last: string): string {
  const time = (text: string) => `TIMESTAMP ${sqlText(text.replace("T", " ").replace(/Z$/, ""))}`;
  return `SELECT *\nFROM ${sqlName(table)}\nWHERE _ingested_at >= ${time(began)}\n  AND _arrived_at BETWEEN ${time(first)} AND ${time(last)}\nORDER BY _arrived_at\nLIMIT 1000`;
}

/** A scope in words. */
export function nameOf({ table, reason, field }: Scope): string {
  if (reason === undefined) return field ? `${table} · ${field}` : table;
  return field ? `${reasonLabel(reason)} · ${field}` : reasonLabel(reason);
}

type Group = Schemas["QuarantineGroup"];

/** The groups of a scope. */
export function groupsOf(groups: readonly Group[], { table, reason, field }: Scope): Group[] {
  return groups.filter((g) => g.table === table && (reason === undefined || g.reason === reason) && (field === undefined || g.field === field));
}

/** Several groups as one: their numbers added up, the times of the first and the last. */
export function together(groups: readonly Group[]): Pick<Group, "count" | "first_quarantined_at" | "last_quarantined_at" | "over_time"> | undefined {
  const [first, ...others] = groups;
  if (!first) return undefined;
  return others.reduce(
    (sum, g) => ({
      count: sum.count + g.count,
      first_quarantined_at: g.first_quarantined_at < sum.first_quarantined_at ? g.first_quarantined_at : sum.first_quarantined_at,
      last_quarantined_at: g.last_quarantined_at > sum.last_quarantined_at ? g.last_quarantined_at : sum.last_quarantined_at,
      over_time: sum.over_time.map((tick, i) => ({ at: tick.at, count: tick.count + (g.over_time[i]?.count ?? 0) })),
    }),
    { count: first.count, first_quarantined_at: first.first_quarantined_at, last_quarantined_at: first.last_quarantined_at, over_time: first.over_time },
  );
}
