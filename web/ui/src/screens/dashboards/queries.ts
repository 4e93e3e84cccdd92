// What the dashboards ask the server, and how a panel's rows are fetched.
import { queryOptions } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import { queryBody, runQuery, type Params, type Statement } from "@/data/result";
import { parameters } from "@/screens/sql/lang/params";
import { bounds, type Range } from "./range";

export type Dashboard = Schemas["Dashboard"];
export type Panel = Schemas["Panel"];
export type SavedQuery = Schemas["SavedQuery"];

export const dashboardsQuery = queryOptions({
  queryKey: ["dashboards"],
  queryFn: async () => (await data(api.GET("/api/v1/dashboards"))).dashboards,
});

export const dashboardQuery = (id: string) =>
  queryOptions({
    queryKey: ["dashboards", id],
    queryFn: () => data(api.GET("/api/v1/dashboards/{id}", { params: { path: { id } } })),
    refetchInterval: 30_000, // somebody else may change it
  });

export const savedQueriesQuery = queryOptions({
  queryKey: ["saved-queries"],
  queryFn: async () => (await data(api.GET("/api/v1/saved-queries"))).saved_queries,
});

/** What is written of a dashboard: all but what the server says of it. */
export interface Draft {
  title: string;
  description: string;
  range: string;
  refresh_seconds: number;
  panels: Panel[];
}

export function draftOf(d: Dashboard): Draft {
  return { title: d.title, description: d.description, range: d.range, refresh_seconds: d.refresh_seconds, panels: d.panels };
}

export function makeDashboard(draft: Draft): Promise<Dashboard> {
  return data(api.POST("/api/v1/dashboards", { body: draft }));
}

export function changeDashboard(id: string, revision: number, draft: Draft): Promise<Dashboard> {
  return data(api.PUT("/api/v1/dashboards/{id}", { params: { path: { id } }, body: { ...draft, revision } }));
}

export function deleteDashboard(id: string): Promise<unknown> {
  return api.DELETE("/api/v1/dashboards/{id}", { params: { path: { id } } });
}

/** A copy under a name of its own. */
export function duplicate(d: Draft): Promise<Dashboard> {
  return makeDashboard({ ...d, title: `Copy of ${d.title}`.slice(0, 120) });
}

const mostRows = 10_000; // a panel is looked at, not paged through

/** A panel's statement, with the range as $from and $to where it asks for them. */
export function panelStatement(query: SavedQuery, range: Range, now = Date.now()): Statement {
  const { from, to } = bounds(range, now);
  const given = new Map<string, Params[string]>(Object.entries(query.params).map(([name, value]) => [name.toLowerCase(), value]));
  given.set("from", from).set("to", to);
  // The engine refuses a parameter that the statement has not got, and misses one that it has.
  const params: Params = Object.fromEntries(parameters(query.sql).map((name) => [name, given.get(name.toLowerCase()) ?? null]));
  return { sql: query.sql, params, maxRows: mostRows };
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
export const panelBody = (query: SavedQuery, range: Range) => queryBody(panelStatement(query, range));
