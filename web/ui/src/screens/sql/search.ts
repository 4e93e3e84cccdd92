import { text } from "@/lib/search";

/** What the address of the SQL screen says: a statement to open, or a saved query; and how it is looked at, which `readStart` reads. */
export interface SQLSearch {
  sql?: string;
  saved?: string;
  view?: string;
  params?: object;
  chart?: object;
  rows?: object;
}

export const sqlSearch = (raw: Record<string, unknown>): SQLSearch => ({
  sql: text(raw, "sql"),
  saved: text(raw, "saved"),
  view: text(raw, "view"),
  params: object(raw.params),
  chart: object(raw.chart),
  rows: object(raw.rows),
});

function object(value: unknown): object | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}
