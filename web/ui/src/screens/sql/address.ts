// The address of the screen says which query is looked at, so that it can be shared and comes back with the browser's Back. The
// tab itself is remembered beside the address: a link means a text, a reload means the tab.
import { useLocation, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { api, data, problemOf } from "@/api/client";
import { toast } from "@/ui/toast";
import { parameters, writtenParams } from "./lang/params";
import type { SavedQuery } from "./queries";
import type { SQLSearch } from "./search";
import { readStart, sameChart, usualView, type Start, type Tab } from "./tabs";
import { tabs } from "./tabs-store";

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** The tab of the SQL screen. */
    tab?: string;
  }
}

// Longer texts make addresses that not every program takes.
export const maxAddress = 6000;
const maxLook = 2000;

/** What the address says of a tab: the saved query where it is just that, else the text; and how it is looked at. */
export function addressOf(tab: Tab, saved: SavedQuery | undefined): SQLSearch {
  const asSaved = saved !== undefined && saved.sql.trim() === tab.sql.trim();
  if (!asSaved && (!tab.sql.trim() || tab.sql.length > maxAddress)) return {};
  const query = asSaved ? saved : undefined;
  const look = {
    view: tab.view === usualView(query) ? undefined : tab.view,
    params: paramsOf(tab, query),
    chart: sameChart(tab.chart, query?.chart) ? undefined : tab.chart,
    rows: tab.rows,
  };
  return { ...(query ? { saved: query.id } : { sql: tab.sql }), ...(JSON.stringify(look).length <= maxLook ? look : {}) };
}

/** The values of the parameters that the text has, where they are not those of the saved query. */
function paramsOf(tab: Tab, query: SavedQuery | undefined): Record<string, string> | undefined {
  const own = writtenParams(query?.params);
  const names = parameters(tab.sql).map((name) => name.toLowerCase());
  const given = Object.fromEntries(names.flatMap((name) => (tab.params[name] === undefined ? [] : [[name, tab.params[name]]])));
  return names.every((name) => (given[name] ?? "") === (own[name] ?? "")) ? undefined : given;
}

/** True for addresses that say the same, in whatever order. */
function same(a: object, b: object): boolean {
  const sorted = (_: string, v: unknown) => (typeof v === "object" && v !== null && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).sort(([x], [y]) => (x < y ? -1 : 1))) : v);
  return JSON.stringify(a, sorted) === JSON.stringify(b, sorted);
}

interface Doors {
  openSQL: (sql: string, start: Start) => void;
  openSaved: (query: SavedQuery, start: Start) => void;
}

/** Opens what the address asks for, and writes the active tab into the address. */
export function useAddress(tab: Tab, saved: SavedQuery | undefined, doors: Doors) {
  const search = useSearch({ from: "/sql" });
  const location = useLocation();
  const navigate = useNavigate({ from: "/sql" });
  const latest = useRef(doors);
  latest.current = doors;
  const handled = useRef("");
  const stateTab = location.state.tab;
  const visit = `${location.state.__TSR_key ?? ""} ${location.href} ${stateTab ?? ""}`;

  // On the way to another screen the address is that screen's already, while this one waits for it.
  const here = location.pathname === "/sql";

  useEffect(() => {
    if (!here || handled.current === visit) return;
    handled.current = visit;
    if (stateTab && tabs.find(stateTab)) tabs.activate(stateTab);
    else if (search.saved) void openSaved(search.saved, readStart({ ...search }), latest);
    else if (search.sql) latest.current.openSQL(search.sql, readStart({ ...search }));
  }, [here, visit, stateTab, search]);

  useEffect(() => {
    if (!here) return;
    const wanted = addressOf(tab, saved);
    if (stateTab === tab.id && same(search, wanted)) return;
    // A visit that has not been looked at yet is not overwritten; a saved query may still be on its way.
    if (handled.current !== visit || (stateTab !== tab.id && search.saved && tab.saved !== search.saved && !failed.has(search.saved))) return;
    const timer = setTimeout(() => void navigate({ search: wanted, replace: true, state: (s) => ({ ...s, tab: tab.id }) }), stateTab === tab.id ? 400 : 0);
    return () => clearTimeout(timer);
  }, [tab, saved, search, stateTab, here, visit, navigate]);
}

// Saved queries that could not be opened: the address goes on without them.
const failed = new Set<string>();

async function openSaved(id: string, start: Start, doors: { current: Doors }) {
  try {
    doors.current.openSaved(await data(api.GET("/api/v1/saved-queries/{id}", { params: { path: { id } } })), start);
    failed.delete(id);
  } catch (error) {
    failed.add(id);
    toast(problemOf(error).message, "bad");
  }
}
