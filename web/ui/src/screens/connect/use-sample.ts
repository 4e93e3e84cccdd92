import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import type { Connection } from "./search";

export type Sample = Schemas["Sample"];

/** Looks at a stream once; to look again is the person's choice, as it takes from what all its readers share. */
export function useSample(connection: Connection, stream: string, depth: number | undefined, waiting: boolean, enabled = true) {
  return useQuery({
    queryKey: ["sample", connection, stream, depth],
    queryFn: ({ signal }) => data(api.GET("/api/v1/streams/{name}/sample", { params: { path: { name: stream }, query: { ...connection, max_depth: depth } }, signal })),
    enabled,
    staleTime: Infinity,
    gcTime: 60_000,
    structuralSharing: false, // a sample may be large, and shares nothing with the one before it
    refetchOnWindowFocus: false,
    refetchInterval: (query) => (waiting && !query.state.data?.events?.length ? 2500 : false),
    placeholderData: keepPreviousData,
  });
}
