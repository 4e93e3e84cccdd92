// How a panel's rows are fetched.
import { queryOptions } from "@tanstack/react-query";
import { queryBody, queryPath, runQuery, type Params, type Statement } from "@/data/result";
import { curl } from "@/lib/curl";
import { parameters } from "@/screens/sql/lang/params";
import type { SavedQuery } from "./queries";
import { bounds, type Range } from "./range";

const mostRows = 10_000; // a panel is looked at, not paged through

/** Whether a query follows the time range of a dashboard: it does by naming one of its ends. */
export function ranged(query: SavedQuery): boolean {
  return parameters(query.sql).some((name) => /^(from|to)$/i.test(name));
}

/** A panel's statement, with the range as $from and $to where it asks for them. */
export function panelStatement(query: SavedQuery, range: Range, now = Date.now()): Statement {
  const { from, to } = bounds(range, now);
  const given = new Map<string, Params[string]>(Object.entries(query.params).map(([name, value]) => [name.toLowerCase(), value]));
  given.set("from", from).set("to", to);
  // The engine refuses a parameter that the statement has not got, and misses one that it has.
  const params: Params = Object.fromEntries(parameters(query.sql).map((name) => [name, given.get(name.toLowerCase()) ?? null]));
  return { saved: query.id, sql: query.sql, params, maxRows: mostRows };
}

/** The rows of a panel. The range moves on with every run: its name, not its moments, is what they are known by. */
export const panelRows = (query: SavedQuery, range: Range) =>
  queryOptions({
    queryKey: ["panel", query.id, query.sql, query.params, range],
    queryFn: ({ signal }) => runQuery({ ...panelStatement(query, range), signal }),
    placeholderData: (before) => before,
    gcTime: 60_000,
  });

/** The request of a panel as it is now, for a shell. */
export function panelCurl(query: SavedQuery, range: Range): string {
  const statement = panelStatement(query, range);
  return curl(queryPath(statement), { body: queryBody(statement) });
}
