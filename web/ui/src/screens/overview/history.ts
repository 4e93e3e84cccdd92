// How the sources did in the last 15 minutes.
import { queryOptions } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";

export type Point = Schemas["HistoryPoint"];
export interface Histories {
  stepSeconds: number;
  bySource: Readonly<Record<string, readonly Point[]>>;
}

export const historyMinutes = 15;

export const historyQuery = queryOptions({
  queryKey: ["sources", "history", historyMinutes],
  queryFn: async (): Promise<Histories> => {
    const all = await data(api.GET("/api/v1/source-history", { params: { query: { minutes: historyMinutes } } }));
    return { stepSeconds: all.step_seconds, bySource: Object.fromEntries(all.sources.map((s) => [s.name, s.points])) };
  },
  refetchInterval: 5000,
});

/** The rates of a whole 15 minutes, oldest first; null for the steps from before there was a history. */
export function rates(points: readonly Point[], stepSeconds: number): (number | null)[] {
  const steps = Math.round((historyMinutes * 60) / stepSeconds);
  const known = points.slice(-steps).map((p) => p.events_per_second);
  return [...Array<null>(steps - known.length).fill(null), ...known];
}

/** Several series as one: added up from their newest points on. */
export function sum(all: readonly (readonly (number | null)[])[]): (number | null)[] {
  const length = Math.max(0, ...all.map((values) => values.length));
  return Array.from({ length }, (_, i) => {
    const there = all.map((values) => values[values.length - length + i] ?? null).filter((v) => v !== null);
    return there.length ? there.reduce((a, b) => a + b, 0) : null;
  });
}
