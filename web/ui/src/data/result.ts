// Running a statement, and its result as screens use it.
import { Problem, request, type Schemas } from "@/api/client";
import { save } from "@/lib/clipboard";
import { parseEnvelope, type Envelope } from "./rows";
import type { Cell } from "./types";

export type { Cell } from "./types";
export type Column = Schemas["Column"];
export type Params = Record<string, string | number | boolean | null>;

export interface Result {
  queryId: string;
  columns: { name: string; type: string }[];
  rows: Cell[][];
  rowCount: number;
  /** There are more rows than were asked for. */
  truncated: boolean;
  elapsedMs: number;
  /** The size of the rows as they were sent, before compression. */
  bytes: number;
  freshness: Schemas["Freshness"][];
}

export interface Statement {
  sql: string;
  /** The saved query whose text it is: that one is run, as everybody may. */
  saved?: string;
  params?: Params;
  maxRows?: number;
  /** Remember the run in the history of queries. */
  history?: boolean;
  signal?: AbortSignal;
}

/** Where a statement is sent to. */
export function queryPath({ saved }: Statement): string {
  return saved === undefined ? "/api/v1/query" : `/api/v1/saved-queries/${encodeURIComponent(saved)}/run`;
}

/** The body of a request that runs a statement: what "Copy as curl" shows too. */
export function queryBody({ sql, saved, params, maxRows, history }: Statement): Record<string, unknown> {
  const body: Record<string, unknown> = saved === undefined ? { sql } : {};
  if (params && Object.keys(params).length > 0) body.params = params;
  if (maxRows !== undefined) body.max_rows = maxRows;
  if (history) body.history = true;
  return body;
}

/** Runs a statement. Its rows are exact: see Cell. Aborting the signal cancels it on the server too. */
export async function runQuery(statement: Statement): Promise<Result> {
  const answer = await ask(statement, "application/json");
  const sent = await whole(answer, (r) => r.arrayBuffer());
  const e = parseEnvelope(new TextDecoder().decode(sent)) as Envelope & { bytes?: number };
  return {
    queryId: e.query_id,
    columns: e.columns,
    rows: e.rows,
    rowCount: e.row_count,
    truncated: e.truncated,
    elapsedMs: e.elapsed_ms,
    bytes: e.bytes ?? sent.byteLength,
    freshness: e.freshness,
  };
}

/** The forms in which all rows of a statement can be had. */
export const exportFormats = {
  csv: { label: "CSV", accept: "text/csv" },
  json: { label: "JSON", accept: "application/json" },
  ndjson: { label: "NDJSON", accept: "application/x-ndjson" },
  parquet: { label: "Parquet", accept: "application/vnd.apache.parquet" },
  arrow: { label: "Arrow", accept: "application/vnd.apache.arrow.stream" },
} as const;
export type ExportFormat = keyof typeof exportFormats;

/** Runs a statement anew and saves all its rows as a file. */
export async function exportQuery({ format, name = "result", ...statement }: Omit<Statement, "maxRows" | "history"> & { format: ExportFormat; name?: string }): Promise<void> {
  const answer = await ask({ ...statement, maxRows: -1 }, exportFormats[format].accept);
  save(await whole(answer, (r) => r.blob()), `${name}.${format}`);
}

function ask(statement: Statement, accept: string): Promise<Response> {
  return request(queryPath(statement), { method: "POST", headers: { "Content-Type": "application/json", Accept: accept }, body: JSON.stringify(queryBody(statement)), signal: statement.signal });
}

/** The body of an answer. One that breaks off is how the server says that the query failed after its first rows. */
async function whole<T>(answer: Response, read: (r: Response) => Promise<T>): Promise<T> {
  try {
    return await read(answer);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(answer.status, { code: "unavailable", detail: "The result broke off while its rows were being sent", hint: "the query ran into a limit or was cancelled, or the server stopped: run it again" });
  }
}
