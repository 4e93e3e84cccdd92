import type { Schemas } from "@/api/client";
import { sqlName, sqlText } from "@/lib/sql";

/** The statement that asks the table for what the tail shows, as far as columns hold it. */
export function statement(table: string, columns: readonly Schemas["Column"][], filter: readonly string[], shard: string): string {
  const conditions = filter.flatMap((condition) => {
    const cut = condition.indexOf("=");
    const path = condition.slice(0, cut);
    const value = condition.slice(cut + 1);
    const column = columns.find((c) => c.path?.join(".") === path);
    if (!column) return [];
    if (value === "null") return [`${sqlName(column.name)} IS NULL`];
    return [column.type === "VARCHAR" ? `${sqlName(column.name)} = ${sqlText(value)}` : `CAST(${sqlName(column.name)} AS VARCHAR) = ${sqlText(value)}`];
  });
  if (shard) conditions.push(`_shard_id = ${sqlText(shard)}`);
  return `SELECT * FROM ${sqlName(table)}\n${conditions.length ? `WHERE ${conditions.join("\n  AND ")}\n` : ""}ORDER BY _arrived_at DESC\nLIMIT 100`;
}
