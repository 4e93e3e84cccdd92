import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import { queryClient } from "@/api/queries";
import { filterOf, type Scope } from "./scope";

export const hours = 24;
const page = 20;

/** All groups of quarantined events, live. */
export const groupsQuery = queryOptions({
  queryKey: ["quarantine", "groups"],
  queryFn: async () => (await data(api.GET("/api/v1/quarantine-groups", { params: { query: { hours } } }))).groups,
  refetchInterval: 5000,
});

/** A page of the events of a scope. */
export const eventsQuery = (scope: Scope, after: string | undefined) =>
  queryOptions({
    queryKey: ["quarantine", "events", scope, after],
    queryFn: () => data(api.GET("/api/v1/quarantine/{table}", { params: { path: { table: scope.table }, query: { ...blame(scope), ...(scope.search && { search: scope.search }), limit: page, ...(after && { after }) } } })),
    placeholderData: keepPreviousData,
  });

/** What could be done about the events of a scope. */
export const mendsQuery = (scope: Scope) =>
  queryOptions({
    queryKey: ["quarantine", "mends", scope.table, scope.reason, scope.field],
    queryFn: async () => (await data(api.GET("/api/v1/quarantine/{table}/mends", { params: { path: { table: scope.table }, query: blame(scope) } }))).mends,
    staleTime: 30_000,
  });

export type Change = Schemas["TableChange"];

/** What a replay would do, after a change or without one. A change is tried as it was proposed at a time: once it is made, it cannot be tried again. */
export const dryRunQuery = (scope: Scope, change: Change | undefined, proposedAt: number) =>
  queryOptions({
    queryKey: [change ? "dry-run of a change" : "dry-run", scope, change, proposedAt],
    queryFn: ({ signal }) => data(api.POST("/api/v1/quarantine/{table}/dry-run", { params: { path: { table: scope.table } }, body: { filter: filterOf(scope), ...(change && { change }) }, signal })),
    staleTime: 30_000,
    refetchOnWindowFocus: false, // up to 20,000 events are tried
  });

/** The change of the table that a mend makes; none for one that only tries again. */
export function changeOf(mend: Schemas["Mend"]): Change | undefined {
  if (mend.kind === "replay") return undefined;
  const { kind, column, path, type, format } = mend;
  return { kind, ...(column && { column }), ...(path?.length && { path }), ...(type && { type: type as Change["type"] }), ...(format && { format: format as Change["format"] }) };
}

/** After something was replayed, changed or deleted. */
export async function changed(): Promise<void> {
  await Promise.all([["quarantine"], ["dry-run"], ["tables"]].map((queryKey) => queryClient.invalidateQueries({ queryKey })));
}

function blame({ reason, field }: Scope) {
  return { ...(reason !== undefined && { reason }), ...(field !== undefined && { field }) };
}
