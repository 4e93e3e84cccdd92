// Queries that run anew by themselves.
import { useEffect, useSyncExternalStore } from "react";
import { statements } from "./lang/statements";
import type { Tab } from "./tabs";
import { run, workOf, type Work } from "./work";

function subscribe(call: () => void) {
  document.addEventListener("visibilitychange", call);
  return () => document.removeEventListener("visibilitychange", call);
}

// What a statement itself is to blame for does not change by asking again.
const lasting = new Set(["invalid", "refused", "forbidden", "not_found", "too_large"]);

/** Runs what the tab ran last again and again while it is looked at; each run begins after the one before has ended. */
export function useRefresh(tab: Tab, work: Work) {
  const visible = useSyncExternalStore(subscribe, () => document.visibilityState === "visible");
  const { id, refresh } = tab;
  const { running, startedAt, endedAt, failure, plan } = work;
  const given = failure !== undefined && lasting.has(failure.problem.code);
  useEffect(() => {
    if (refresh === 0 || !visible || running || given || plan) return;
    const again = () => {
      const last = workOf(id).last ?? { statements: statements(tab.sql), written: tab.params, text: tab.sql };
      if (last.statements.length > 0) void run(id, last, true);
    };
    const timer = setTimeout(again, startedAt === undefined ? 0 : Math.max(0, startedAt + refresh * 1000 - Date.now()));
    return () => clearTimeout(timer);
    // The text counts when nothing has run yet, and then it is there from the start.
  }, [id, refresh, visible, running, given, plan, startedAt, endedAt]);
}
