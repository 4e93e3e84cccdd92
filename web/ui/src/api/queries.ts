// The questions that several screens ask, each with one key and one pace. A screen's own questions live with the screen.
import { QueryClient, queryOptions } from "@tanstack/react-query";
import { onRecovery } from "./connection";
import { api, data, problemOf } from "./client";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1000,
      // What the server refused stays refused; what did not reach it is asked again when it answers.
      retry: (count, error) => problemOf(error).offline && count < 2,
      refetchOnWindowFocus: true,
    },
  },
});
onRecovery(() => void queryClient.invalidateQueries());

/** All sources and how they are doing, live. */
export const sourcesQuery = queryOptions({
  queryKey: ["sources"],
  queryFn: async () => (await data(api.GET("/api/v1/sources"))).sources,
  refetchInterval: 1000,
});

/** One source, live. */
export const sourceQuery = (name: string) =>
  queryOptions({
    queryKey: ["sources", name],
    queryFn: () => data(api.GET("/api/v1/sources/{name}", { params: { path: { name } } })),
    refetchInterval: 1000,
  });

/** The tables with their columns. */
export const tablesQuery = queryOptions({
  queryKey: ["tables"],
  queryFn: async () => (await data(api.GET("/api/v1/tables"))).tables,
  refetchInterval: 15_000,
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
