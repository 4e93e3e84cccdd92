// What the SQL screen asks the server for, besides running statements.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import { runQuery, type Cell } from "@/data/result";
import type { Me } from "@/lib/session";
import { sqlName } from "@/lib/sql";
import { tableName } from "./lang/names";
import type { Table } from "./lang/scope";

export type Dialect = Schemas["Dialect"];
export type Past = Schemas["Past"];
export type SavedQuery = Schemas["SavedQuery"];
export type { Chart } from "@/data/chart/choose";
export type Plan = Schemas["Plan"];
export type PlanNode = Schemas["PlanNode"];
export type ColumnStatistics = Schemas["ColumnStatistics"];

/** The engine's words: they stay the same while the server runs. */
export const dialectQuery = queryOptions({
  queryKey: ["sql", "dialect"],
  queryFn: () => data(api.GET("/api/v1/sql/dialect")),
  staleTime: Infinity,
});

const columns = "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal ORDER BY schema_name, table_name, column_index";

/** Every table that a statement of somebody's may name, with its columns as they stand: events, quarantines, and what Helios keeps of itself. */
export const schemaQuery = (me: Me | undefined) =>
  queryOptions({
    queryKey: ["sql", "schema", me?.limited, me?.role],
    queryFn: async (): Promise<Table[]> => (me?.limited ? tablesOfTheirs() : (await allTables()).filter((t) => me?.role === "admin" || t.schema !== "helios" || t.name !== "audit")),
    refetchInterval: 30_000,
    staleTime: 5000,
  });

/** Who is limited to some tables may not ask the engine which there are. The quarantines of all of them have the same columns. */
async function tablesOfTheirs(): Promise<Table[]> {
  const { tables } = await data(api.GET("/api/v1/tables"));
  const [first] = tables;
  const quarantine = first ? (await runQuery({ sql: `SELECT * FROM ${tableName("quarantine", first.name)} LIMIT 0` })).columns : [];
  return [...tables.map(({ name, columns }) => ({ schema: "main", name, columns })), ...tables.map(({ name }) => ({ schema: "quarantine", name, columns: quarantine }))];
}

async function allTables(): Promise<Table[]> {
  const { rows } = await runQuery({ sql: columns, maxRows: 20_000 });
  const tables = new Map<string, Table & { columns: { name: string; type: string }[] }>();
  for (const [schema, table, name, type] of rows.map((r) => r.map(String))) {
    if (schema === undefined || table === undefined || name === undefined || type === undefined) continue;
    const key = JSON.stringify([schema, table]);
    let entry = tables.get(key);
    if (!entry) tables.set(key, (entry = { schema, name: table, columns: [] }));
    entry.columns.push({ name, type });
  }
  return [...tables.values()].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

function rank(t: Table): number {
  return t.schema === "main" ? 0 : t.schema === "quarantine" ? 1 : t.schema === "helios" ? 3 : 2;
}

/** What a column of a table holds. Of tables that are no source's, the console asks for it by itself. */
export const columnQuery = (schema: string, table: string, column: string, type: string) =>
  queryOptions({
    queryKey: ["sql", "column", schema, table, column],
    queryFn: ({ signal }): Promise<ColumnStatistics> =>
      schema === "main"
        ? data(api.GET("/api/v1/tables/{table}/columns/{column}", { params: { path: { table, column } }, signal }))
        : statistics(tableName(schema, table), column, type, signal),
    staleTime: 30_000,
  });

async function statistics(table: string, column: string, type: string, signal: AbortSignal): Promise<ColumnStatistics> {
  const c = sqlName(column);
  const some = `(SELECT ${c} AS c FROM ${table} LIMIT 1000000)`;
  const [numbers, top] = await Promise.all([
    runQuery({ sql: `SELECT count(*), count(*) - count(c), count(DISTINCT c), left(min(c)::VARCHAR, 200), left(max(c)::VARCHAR, 200) FROM ${some}`, signal }),
    runQuery({ sql: `SELECT left(c::VARCHAR, 200), count(*) FROM ${some} WHERE c IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10`, signal }),
  ]);
  const [rows, nulls, distinct, min, max] = numbers.rows[0] ?? [];
  const text = (v: Cell | undefined) => (v === null || v === undefined ? undefined : String(v));
  return {
    name: column,
    type,
    rows: Number(rows ?? 0),
    nulls: Number(nulls ?? 0),
    distinct: Number(distinct ?? 0),
    min: text(min),
    max: text(max),
    top: top.rows.map(([value, count]) => ({ value: text(value) ?? "", count: Number(count) })),
    examples: [],
  };
}

/** The queries that people ran, newest first. */
export const historyQuery = (search: string) =>
  infiniteQueryOptions({
    queryKey: ["query-history", search],
    queryFn: ({ pageParam, signal }) => data(api.GET("/api/v1/query-history", { params: { query: { search: search || undefined, limit: 50, before: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });
