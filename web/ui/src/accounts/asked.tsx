import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Skeleton } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";

/** What a question was answered with; before that, that it was asked, or what went wrong. What is known stays while it is asked again. */
export function Asked<T>({ query, lines = 3, children }: { query: UseQueryResult<T>; lines?: number; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data);
  return <div className="p-4">{query.error ? <ProblemBox error={query.error} retry={() => void query.refetch()} /> : <Skeleton lines={lines} />}</div>;
}
