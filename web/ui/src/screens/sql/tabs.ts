// The tabs of the SQL screen: what they hold, and what can be done with them.
import { readLook, type Look } from "@/data/grid/look";
import type { Chart } from "./queries";
import { tokens } from "./lang/lexer";
import type { Written } from "./lang/params";

export const views = ["grid", "chart", "both"] as const;
export type View = (typeof views)[number];

/** How often a tab runs its query anew by itself, in seconds; 0 for never. */
export const refreshes = [0, 1, 5, 30] as const;
export type Refresh = (typeof refreshes)[number];

export interface Tab {
  id: string;
  /** As a person called it. */
  name?: string;
  sql: string;
  /** The saved query that it was opened from or saved as. */
  saved?: string;
  params: Written;
  view: View;
  /** As a person set it; without it the chart is chosen by the result. */
  chart?: Chart;
  /** The order and the filters of the rows. */
  rows?: Look;
  refresh: Refresh;
}

/** How a tab is looked at, beside what it asks. */
export type Start = Partial<Pick<Tab, "view" | "params" | "chart" | "rows">>;

export interface Tabs {
  tabs: readonly Tab[];
  active: string;
}

/** More than anybody finds again, and few enough to be remembered. */
export const maxTabs = 40;
// What one tab may take of the browser's few megabytes. Longer texts live as long as the page.
const maxRemembered = 100_000;

/** A name that no other tab has had. */
export function newID(): string {
  return crypto.getRandomValues(new Uint32Array(2)).reduce((id, n) => id + n.toString(36), "t");
}

export function newTab(start: Partial<Tab> = {}): Tab {
  return { sql: "", params: {}, view: "grid", refresh: 0, ...start, id: newID() };
}

/** With one more tab, right of the one that is active, and active itself; null when there are too many. An empty tab gives its place. */
export function opened(state: Tabs, tab: Tab): Tabs | null {
  const at = state.tabs.findIndex((t) => t.id === state.active);
  const current = state.tabs[at];
  const tabs = [...state.tabs];
  if (current && isEmpty(current) && !isEmpty(tab)) tabs[at] = tab;
  else if (tabs.length >= maxTabs) return null;
  else tabs.splice(at + 1, 0, tab);
  return { tabs, active: tab.id };
}

function isEmpty(tab: Tab): boolean {
  return tab.sql.trim() === "" && !tab.name && !tab.saved;
}

/** Without a tab. There is always one left. */
export function closed(state: Tabs, id: string): Tabs {
  const at = state.tabs.findIndex((t) => t.id === id);
  if (at < 0) return state;
  const tabs = state.tabs.filter((t) => t.id !== id);
  if (tabs.length === 0) tabs.push(newTab());
  const next = tabs[Math.min(at, tabs.length - 1)]!;
  return { tabs, active: state.active === id ? next.id : state.active };
}

/** With a tab that many places further right; left if negative. */
export function moved(state: Tabs, id: string, by: number): Tabs {
  const at = state.tabs.findIndex((t) => t.id === id);
  const tab = state.tabs[at];
  const to = Math.max(0, Math.min(state.tabs.length - 1, at + by));
  if (!tab || to === at) return state;
  const tabs = state.tabs.filter((t) => t.id !== id);
  tabs.splice(to, 0, tab);
  return { ...state, tabs };
}

export function changed(state: Tabs, id: string, change: Partial<Omit<Tab, "id">>): Tabs {
  return { ...state, tabs: state.tabs.map((t) => (t.id === id ? { ...t, ...change } : t)) };
}

/** What a tab is called: as a person called it, as its saved query, as its first comment says, by the table it asks, or nothing of it. */
export function titleOf(tab: Tab, savedName?: string): string {
  if (tab.name) return tab.name;
  if (savedName) return savedName;
  const parts = tokens(tab.sql.slice(0, 2000));
  const first = parts[0];
  if (first?.kind === "comment") {
    const said = tab.sql.slice(first.from, first.to).replace(/^(--+|\/\*+)\s*|\s*\*\/$/g, "").split("\n")[0]!.trim();
    if (said) return said.slice(0, 60);
  }
  const words = parts.filter((t) => t.kind !== "comment").map((t) => tab.sql.slice(t.from, t.to));
  const from = words.findIndex((w) => /^(from|describe|summarize)$/i.test(w));
  const dotted = words[from + 2] === "." ? words.slice(from + 1, from + 4).join("") : words[from + 1];
  if (from >= 0 && dotted && /^[\w".]+$/.test(dotted)) return dotted.replaceAll('"', "").slice(0, 60);
  return parts.length > 0 ? "Query" : "New query";
}

/** What each tab is called. Those that nobody has named get a number where several ask the same table. */
export function titlesOf(tabs: readonly Tab[], saved: readonly { id: string; name: string }[]): string[] {
  const seen = new Map<string, number>();
  return tabs.map((tab) => {
    const title = titleOf(tab, saved.find((q) => q.id === tab.saved)?.name);
    const count = (seen.get(title) ?? 0) + 1;
    seen.set(title, count);
    return count > 1 && !tab.name ? `${title} ${count}` : title;
  });
}

/** The tabs as they were remembered; whatever is wrong with them is left out. */
export function restored(json: string | null): Tabs {
  const tabs: Tab[] = [];
  let active = "";
  try {
    const raw = record(JSON.parse(json ?? "null"));
    active = typeof raw.active === "string" ? raw.active : "";
    for (const t of Array.isArray(raw.tabs) ? raw.tabs.slice(0, maxTabs) : []) {
      const tab = readTab(record(t));
      if (tab && !tabs.some((other) => other.id === tab.id)) tabs.push(tab);
    }
  } catch {
    // Not JSON: nothing that we have written.
  }
  if (tabs.length === 0) tabs.push(newTab());
  return { tabs, active: tabs.some((t) => t.id === active) ? active : tabs[0]!.id };
}

/** The tabs as they are remembered. */
export function remembered(state: Tabs): string {
  return JSON.stringify({ active: state.active, tabs: state.tabs.map((t) => (t.sql.length > maxRemembered ? { ...t, sql: t.sql.slice(0, maxRemembered) } : t)) });
}

function readTab(raw: Record<string, unknown>): Tab | null {
  if (typeof raw.id !== "string" || raw.id === "" || typeof raw.sql !== "string") return null;
  const text = (v: unknown) => (typeof v === "string" && v ? v : undefined);
  return {
    id: raw.id,
    sql: raw.sql,
    name: text(raw.name),
    saved: text(raw.saved),
    params: {},
    view: "grid",
    chart: undefined,
    rows: undefined,
    ...readStart(raw),
    refresh: refreshes.find((r) => r === raw.refresh) ?? 0,
  };
}

/** What is said of how a tab is looked at; what is not said, or not understood, is left out. */
export function readStart(raw: Record<string, unknown>): Start {
  const params = Object.entries(record(raw.params)).filter((e): e is [string, string] => typeof e[1] === "string");
  const start: Start = {
    view: views.find((v) => v === raw.view),
    params: params.length > 0 ? Object.fromEntries(params) : undefined,
    chart: readChart(record(raw.chart)),
    rows: readLook(raw.rows),
  };
  return Object.fromEntries(Object.entries(start).filter(([, v]) => v !== undefined));
}

/** How the result of a query is looked at as long as nobody has said anything else. */
export function usualView(saved: { chart?: Chart } | undefined): View {
  return saved?.chart && saved.chart.kind !== "table" ? "both" : "grid";
}

export function sameChart(a: Chart | undefined, b: Chart | undefined): boolean {
  const parts = (c: Chart | undefined) => JSON.stringify(c ? [c.kind, c.x ?? "", c.y, c.series ?? "", !!c.stacked] : null);
  return parts(a) === parts(b);
}

const kinds = ["table", "line", "bar", "area", "scatter", "pie", "number"] as const satisfies readonly Chart["kind"][];

function readChart(raw: Record<string, unknown>): Chart | undefined {
  const kind = kinds.find((k) => k === raw.kind);
  if (!kind || !Array.isArray(raw.y)) return undefined;
  const name = (v: unknown) => (typeof v === "string" ? v : undefined);
  return { kind, y: raw.y.filter((y): y is string => typeof y === "string"), x: name(raw.x), series: name(raw.series), stacked: raw.stacked === true || undefined };
}

function record(v: unknown): Record<string, unknown> {
  return typeof v === "object" && v !== null && !Array.isArray(v) ? (v as Record<string, unknown>) : {};
}
