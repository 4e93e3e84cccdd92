// What the table as it is edited would do to the sample: asked anew after each change, the question before it dropped.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { api, data } from "@/api/client";
import type { Plan } from "./edits";
import type { Sample } from "./use-sample";

const mostBytes = 4_000_000; // of events sent with each question

/** The value, once it has not changed for a while. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

export function usePrediction(sample: Sample | undefined, sampledAt: number, plan: Plan, settings: { evolve: "add" | "fixed"; max_depth: number }) {
  const events = useMemo(() => sendable(sample), [sample]);
  const { evolve, max_depth } = settings;
  const question = useMemo(() => ({ columns: plan.columns, ignore: plan.ignore, evolve, max_depth }), [plan, evolve, max_depth]);
  const asked = useSettled(question, 250);
  const answer = useQuery({
    queryKey: ["predict", sampledAt, asked],
    queryFn: ({ signal }) => data(api.POST("/api/v1/schema/predict", { body: { events, ...asked }, signal })),
    enabled: events.length > 0 && plan.valid,
    staleTime: Infinity,
    gcTime: 30_000,
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  });
  return { ...answer, events: events.length, pending: answer.isFetching || asked !== question };
}

/** The sample's events that are documents, as many as are quickly sent. */
function sendable(sample: Sample | undefined): string[] {
  const all: string[] = [];
  let left = mostBytes;
  for (const e of sample?.events ?? []) {
    if (e.reason) continue;
    left -= e.event.length;
    if (left < 0 && all.length) break;
    all.push(e.event);
  }
  return all;
}
