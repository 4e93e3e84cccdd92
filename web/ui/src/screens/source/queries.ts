// What the screen of a source asks for beyond its status.
import { queryOptions, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { api, data, type Schemas } from "@/api/client";
import { sourceQuery, sourcesQuery } from "@/api/queries";
import type { Range, SourceSearch } from "./search";

export type Source = Schemas["SourceStatus"];
export type Shard = Schemas["ShardView"];
export type Column = Schemas["Column"];
export type TableInfo = Schemas["TableInfo"];
export type Change = Schemas["Change"];
export type HistoryPoint = Schemas["HistoryPoint"];

export const minutesOf: Record<Range, number> = { "15m": 15, "1h": 60, "6h": 360 };

export const historyQuery = (name: string, range: Range) =>
  queryOptions({
    queryKey: ["sources", name, "history", range],
    queryFn: () => data(api.GET("/api/v1/sources/{name}/history", { params: { path: { name }, query: { minutes: minutesOf[range] } } })),
    refetchInterval: 10_000,
  });

export const tableQuery = (table: string) =>
  queryOptions({
    queryKey: ["tables", table],
    queryFn: () => data(api.GET("/api/v1/tables/{table}", { params: { path: { table } } })),
    refetchInterval: 5000,
  });

export const changesQuery = (table: string, version: number | undefined) =>
  queryOptions({
    // A new version of the table is a new history.
    queryKey: ["tables", table, "history", version],
    queryFn: async () => (await data(api.GET("/api/v1/tables/{table}/history", { params: { path: { table } } }))).changes,
    enabled: version !== undefined,
    placeholderData: (before) => before,
  });

/** The source as helios.yaml declares it. */
export async function declaration(name: string): Promise<string> {
  return data(api.GET("/api/v1/sources/{name}/yaml", { params: { path: { name } }, parseAs: "text" }));
}

/** Takes over the source's new state at once, instead of with the next look. */
export function useTakeOver(): (source: Source) => void {
  const client = useQueryClient();
  return useCallback(
    (source) => {
      client.setQueryData(sourceQuery(source.settings.name).queryKey, source);
      void client.invalidateQueries({ queryKey: sourcesQuery.queryKey, exact: true });
    },
    [client],
  );
}

/** What the address says of this screen, and how to change a part of it. */
export function useAddress(): { name: string; search: SourceSearch; go: (part: Partial<SourceSearch>, replace?: boolean) => void } {
  const { name } = useParams({ from: "/sources/$name" });
  const search = useSearch({ from: "/sources/$name" });
  const navigate = useNavigate({ from: "/sources/$name" });
  const go = useCallback((part: Partial<SourceSearch>, replace = true) => void navigate({ search: (now) => ({ ...now, ...part }), replace }), [navigate]);
  return { name, search, go };
}
