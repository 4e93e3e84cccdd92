// What the tabs' queries are doing: one run at a time for each tab, its results, and what went wrong. It goes on while another
// tab or screen is looked at.
import { useSyncExternalStore } from "react";
import { Problem, problemOf } from "@/api/client";
import { isLost, onRecovery } from "@/api/connection";
import { queryClient } from "@/api/queries";
import { runQuery, type Params, type Result } from "@/data/result";
import { valuesFor, type Written } from "./lang/params";
import type { Statement } from "./lang/statements";

/** The rows that a single statement shows at most, and those of each of several, or of a query that runs again and again. */
export const maxRows = { one: 100_000, several: 10_000 } as const;
/** How many statements run one after the other. */
export const maxStatements = 20;
// Cells that all tabs together keep in memory. Beyond, the results that were got first are let go.
const maxCells = 6_000_000;

/** A statement as it ran, and what came of it. */
export interface Outcome {
  sql: string;
  params?: Params;
  result: Result;
  /** When it came, in milliseconds. */
  at: number;
}

/** What a person asked to be run. */
export interface Order {
  statements: readonly Statement[];
  written: Written;
  /** The whole text that the statements are from, so that an error finds its place again. */
  text: string;
}

export interface Failure {
  problem: Problem;
  statement: Statement;
  text: string;
}

/** A statement to be explained; with `analyze` it runs, and the plan tells what it took. */
export interface PlanOrder {
  sql: string;
  params?: Params;
  analyze: boolean;
}

export interface Work {
  running?: { startedAt: number; current: number; total: number; auto: boolean; abort: AbortController };
  /** Of the last run that gave something; they stay while the next one runs. */
  outcomes: readonly Outcome[];
  /** The one that is looked at. */
  shown: number;
  failure?: Failure;
  cancelled?: boolean;
  /** True when the results were let go to save memory. */
  dropped?: boolean;
  /** The statement whose plan is looked at, in place of results. */
  plan?: PlanOrder;
  last?: Order;
  startedAt?: number;
  endedAt?: number;
  /** The server did not answer: the same runs once more when it does. */
  again?: boolean;
}

const nothing: Work = { outcomes: [], shown: 0 };
const works = new Map<string, Work>();
const listeners = new Set<() => void>();

function become(tab: string, change: Partial<Work>) {
  works.set(tab, { ...(works.get(tab) ?? nothing), ...change });
  listeners.forEach((l) => l());
}

/**
 * Runs statements one after the other, up to the first that fails. What the tab ran before is cancelled. Where the server does
 * not answer it is run once more when it is back, and not a second time: it may be what ended the server.
 */
export async function run(tab: string, order: Order, auto = false, once = false): Promise<void> {
  works.get(tab)?.running?.abort.abort();
  const abort = new AbortController();
  const startedAt = Date.now();
  const statements = order.statements.slice(0, maxStatements);
  const mine = () => works.get(tab)?.running?.abort === abort;
  const at = (current: number) => ({ running: { startedAt, current, total: statements.length, auto, abort } });
  // An old failure is kept while a query runs anew by itself: it would blink.
  become(tab, { ...at(0), last: order, cancelled: false, again: false, startedAt, ...(auto ? {} : { failure: undefined, plan: undefined }) });
  const outcomes: Outcome[] = [];
  for (const [i, statement] of statements.entries()) {
    if (i > 0) become(tab, at(i));
    const params = valuesFor(statement.sql, order.written, Date.now());
    try {
      const result = await runQuery({ sql: statement.sql, params, maxRows: auto || statements.length > 1 ? maxRows.several : maxRows.one, signal: abort.signal, history: !auto });
      if (!mine()) return;
      outcomes.push({ sql: statement.sql, params, result, at: Date.now() });
      const last = i === statements.length - 1;
      // Of a run by itself, all results come at once.
      if (!auto || last) become(tab, { outcomes: [...outcomes], shown: auto ? Math.min(works.get(tab)?.shown ?? i, i) : i, dropped: false, ...(last ? { failure: undefined } : {}) });
    } catch (error) {
      if (!mine()) return;
      let problem = problemOf(error);
      const cancelled = abort.signal.aborted || problem.code === "cancelled";
      const again = !auto && !once && !cancelled && problem.offline && isLost();
      if (again) problem = new Problem(0, { ...problem.body, hint: "it may be restarting: the query runs again when it is back" });
      become(tab, { running: undefined, endedAt: Date.now(), again, cancelled, failure: cancelled ? undefined : { problem, statement, text: order.text }, ...(auto || cancelled ? {} : { outcomes, shown: Math.max(0, outcomes.length - 1) }) });
      remember(auto);
      return;
    }
  }
  become(tab, { running: undefined, endedAt: Date.now() });
  keepWithin(tab);
  remember(auto);
}

onRecovery(() => {
  for (const [tab, work] of works) {
    if (work.again && work.last) void run(tab, work.last, false, true);
  }
});

function remember(auto: boolean) {
  if (!auto) void queryClient.invalidateQueries({ queryKey: ["query-history"] });
}

/** Stops what a tab runs, on the server too. */
export function cancel(tab: string) {
  works.get(tab)?.running?.abort.abort();
}

export function show(tab: string, outcome: number) {
  become(tab, { shown: outcome });
}

/** Shows how a statement is run, or no plan any more. */
export function explain(tab: string, plan: PlanOrder | undefined) {
  become(tab, { plan, again: false });
}

/** Forgets a tab that is no more. */
export function forget(tab: string) {
  cancel(tab);
  works.delete(tab);
}

/** What a tab's queries are doing at this moment. */
export function workOf(tab: string): Work {
  return works.get(tab) ?? nothing;
}

function keepWithin(current: string) {
  const cells = (w: Work) => w.outcomes.reduce((sum, o) => sum + o.result.rows.length * o.result.columns.length, 0);
  let total = [...works.values()].reduce((sum, w) => sum + cells(w), 0);
  const oldest = [...works].filter(([tab]) => tab !== current).sort(([, a], [, b]) => (a.endedAt ?? 0) - (b.endedAt ?? 0));
  for (const [tab, work] of oldest) {
    if (total <= maxCells) return;
    total -= cells(work);
    if (work.outcomes.length > 0) become(tab, { outcomes: [], shown: 0, dropped: true });
  }
}

function subscribe(call: () => void) {
  listeners.add(call);
  return () => void listeners.delete(call);
}

/** What a tab's queries are doing, live. */
export function useWork(tab: string): Work {
  return useSyncExternalStore(subscribe, () => works.get(tab) ?? nothing);
}

/** The tabs that run something, live: a text, so that it stays the same while they do. */
export function useRunning(): string {
  return useSyncExternalStore(subscribe, () => [...works].filter(([, w]) => w.running).map(([tab]) => tab).join(" "));
}
