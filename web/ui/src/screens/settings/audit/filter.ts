// What is looked for in the audit log: as the API takes it, and as a statement.
import { sqlText } from "@/lib/sql";
import type { AuditFilter, auditRanges } from "../search";

type Range = (typeof auditRanges)[number];
const spans: Record<Range, { hours: number; sql: string }> = {
  "1h": { hours: 1, sql: "1 HOUR" },
  "24h": { hours: 24, sql: "24 HOUR" },
  "7d": { hours: 7 * 24, sql: "7 DAY" },
  "30d": { hours: 30 * 24, sql: "30 DAY" },
};

/** The parameters of a request. A range counts from now; one between two moments goes before it. */
export function parameters({ find, action, range, from, until }: AuditFilter, now: number) {
  const since = from ?? (range && !until ? new Date(now - spans[range].hours * 3_600_000).toISOString() : undefined);
  return { ...(find && { search: find }), ...(action && { action }), ...(since && { from: since }), ...(until && { until }) };
}

/** The statement that gives the same entries, and can then be changed into any other. */
export function statement({ find, action, range, from, until }: AuditFilter): string {
  const conditions = [
    find && `contains(lower(concat_ws(' ', actor, address, action, target, outcome, detail::VARCHAR)), lower(${sqlText(find)}))`,
    action && `action = ${sqlText(action)}`,
    from ? `happened_at >= ${moment(from)}` : range && !until && `happened_at >= now() - INTERVAL ${spans[range].sql}`,
    until && `happened_at < ${moment(until)}`,
  ].filter(Boolean);
  const where = conditions.length ? `WHERE ${conditions.join("\n  AND ")}\n` : "";
  return `SELECT happened_at, actor, action, target, outcome, address, duration_ms, detail\nFROM helios.audit\n${where}ORDER BY happened_at DESC\nLIMIT 1000`;
}

/** A moment as a TIMESTAMP, which is in UTC. */
function moment(time: string): string {
  return `TIMESTAMP ${sqlText(new Date(time).toISOString().replace("T", " ").replace("Z", ""))}`;
}

/** A moment as a field for date and time has it: in the person's time zone, to the minute. */
export function fieldOf(time: string | undefined): string {
  if (!time) return "";
  const at = new Date(time);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** What stands in such a field as a moment. */
export function momentOf(field: string): string | undefined {
  const at = new Date(field);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
