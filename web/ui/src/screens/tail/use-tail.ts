import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { follow } from "./follow";
import { TailLog, type View } from "./log";

/** Events shown a second: as many as can be scrolled through. Of more, the server sends an even sample. */
export const maxRate = 200;

/** The path of the tail of a source. */
export function tailPath(source: string, filter: readonly string[], text: string, rate?: number): string {
  const query = new URLSearchParams(filter.map((f) => ["filter", f]));
  if (text) query.set("text", text);
  if (rate) query.set("max_rate", String(rate));
  const said = query.toString();
  return `/api/v1/sources/${encodeURIComponent(source)}/tail${said ? `?${said}` : ""}`;
}

/** Follows a source as long as the component is there. */
export function useTail(source: string | undefined, filter: readonly string[], text: string): { log: TailLog; view: View } {
  const [log] = useState(() => new TailLog());
  const path = source === undefined ? null : tailPath(source, filter, text, maxRate);
  useEffect(() => {
    log.begin();
    if (!path) return;
    const control = new AbortController();
    void follow(path, log, control.signal);
    return () => control.abort();
  }, [log, path]);
  return { log, view: useSyncExternalStore(log.subscribe, log.view) };
}

/** What the address says, and how it is changed. */
export function useTailAddress() {
  const search = useSearch({ from: "/tail" });
  const navigate = useNavigate({ from: "/tail" });
  const filter = useMemo(() => search.filter ?? [], [search.filter]);
  const set = useCallback((change: Partial<typeof search>) => void navigate({ search: (now) => ({ ...now, ...change }), replace: true }), [navigate]);
  const add = useCallback((condition: string) => void navigate({ search: (now) => ({ ...now, filter: [...new Set([...(now.filter ?? []), condition])] }), replace: true }), [navigate]);
  const remove = useCallback(
    (condition: string) =>
      void navigate({
        search: (now) => {
          const left = (now.filter ?? []).filter((f) => f !== condition);
          return { ...now, filter: left.length ? left : undefined };
        },
        replace: true,
      }),
    [navigate],
  );
  return { search, filter, set, add, remove };
}
