import { tableName } from "./lang/names";
import type { Table } from "./lang/scope";

/** The newest rows of a table, or any where no time is known. */
export function newestRows(t: Table): string {
  const time = ["_arrived_at", "quarantined_at"].find((name) => t.columns.some((c) => c.name === name));
  return `SELECT *\nFROM ${tableName(t.schema, t.name)}${time ? `\nORDER BY ${time} DESC` : ""}\nLIMIT 100`;
}
