// The questions that several screens ask, each with one key and one pace. A screen's own questions live with the screen.
import { QueryClient, queryOptions } from "@tanstack/react-query";
import { stateQuery } from "@/lib/session";
import { onRecovery } from "./connection";
import { api, data, problemOf, type Schemas } from "./client";
import { onState } from "./who";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1000,
      // What the server refused stays refused; what did not reach it is asked again when it answers.
      retry: (count, error) => problemOf(error).offline && count < 2,
      refetchOnWindowFocus: true,
      networkMode: "always", // the server may be on this machine, which needs no network
    },
    mutations: { networkMode: "always" },
  },
});
onRecovery(() => void queryClient.invalidateQueries());
onState((state, back) => {
  queryClient.setQueryData(stateQuery.queryKey, state);
  if (back) void queryClient.invalidateQueries({ predicate: (q) => q.queryKey !== stateQuery.queryKey && q.state.fetchStatus === "idle" });
});

/** How often sources are looked at: each second, less often where thousands of shards make an answer large. */
const pace = (...sources: (Schemas["SourceStatus"] | undefined)[]) => (sources.reduce((sum, s) => sum + (s?.shards?.length ?? 0), 0) > 500 ? 5000 : 1000);

/** All sources and how they are doing, live. */
export const sourcesQuery = queryOptions({
  queryKey: ["sources"],
  queryFn: async () => (await data(api.GET("/api/v1/sources"))).sources,
  refetchInterval: (query) => pace(...(query.state.data ?? [])),
});

/** One source, live. */
export const sourceQuery = (name: string) =>
  queryOptions({
    queryKey: ["sources", name],
    queryFn: () => data(api.GET("/api/v1/sources/{name}", { params: { path: { name } } })),
    refetchInterval: (query) => (query.state.error && problemOf(query.state.error).code === "not_found" ? false : pace(query.state.data)),
  });

/** The tables with their columns. */
export const tablesQuery = queryOptions({
  queryKey: ["tables"],
  queryFn: async () => (await data(api.GET("/api/v1/tables"))).tables,
  refetchInterval: 15_000,
});

/** How the server's backups are doing: closely while one is being made. */
export const backupStatusQuery = queryOptions({
  queryKey: ["backups", "status"],
  queryFn: () => data(api.GET("/api/v1/backups/status")),
  refetchInterval: (query) => (query.state.data?.running ? 500 : 5000),
});

/** The saved queries. */
export const savedQueriesQuery = queryOptions({
  queryKey: ["saved-queries"],
  queryFn: async () => (await data(api.GET("/api/v1/saved-queries"))).saved_queries,
});

/** The dashboards. */
export const dashboardsQuery = queryOptions({
  queryKey: ["dashboards"],
  queryFn: async () => (await data(api.GET("/api/v1/dashboards"))).dashboards,
});
