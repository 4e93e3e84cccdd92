// What the dashboards ask the server.
import { queryOptions } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";

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
