// The address of the screen says which query is looked at, so that it can be shared and comes back with the browser's Back. The
// tab itself is remembered beside the address: a link means a text, a reload means the tab.
import { useLocation, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { api, data, problemOf } from "@/api/client";
import { toast } from "@/ui/toast";
import type { SavedQuery } from "./queries";
import type { Tab } from "./tabs";
import { tabs } from "./tabs-store";

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** The tab of the SQL screen. */
    tab?: string;
  }
}

// Longer texts make addresses that not every program takes.
export const maxAddress = 6000;

/** What the address says of a tab: the saved query where it is just that, else the text. */
export function addressOf(tab: Tab, saved: SavedQuery | undefined): { sql?: string; saved?: string } {
  if (saved && saved.sql.trim() === tab.sql.trim()) return { saved: saved.id };
  return tab.sql.trim() && tab.sql.length <= maxAddress ? { sql: tab.sql } : {};
}

interface Doors {
  openSQL: (sql: string) => void;
  openSaved: (query: SavedQuery) => void;
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

  useEffect(() => {
    if (handled.current === visit) return;
    handled.current = visit;
    if (stateTab && tabs.find(stateTab)) tabs.activate(stateTab);
    else if (search.saved) void openSaved(search.saved, latest);
    else if (search.sql) latest.current.openSQL(search.sql);
  }, [visit, stateTab, search.saved, search.sql]);

  useEffect(() => {
    const wanted = addressOf(tab, saved);
    if (stateTab === tab.id && search.sql === wanted.sql && search.saved === wanted.saved) return;
    // A visit that has not been looked at yet is not overwritten; a saved query may still be on its way.
    if (handled.current !== visit || (stateTab !== tab.id && search.saved && tab.saved !== search.saved && !failed.has(search.saved))) return;
    const timer = setTimeout(() => void navigate({ search: wanted, replace: true, state: (s) => ({ ...s, tab: tab.id }) }), stateTab === tab.id ? 400 : 0);
    return () => clearTimeout(timer);
  }, [tab, saved, search.sql, search.saved, stateTab, visit, navigate]);
}

// Saved queries that could not be opened: the address goes on without them.
const failed = new Set<string>();

async function openSaved(id: string, doors: { current: Doors }) {
  try {
    doors.current.openSaved(await data(api.GET("/api/v1/saved-queries/{id}", { params: { path: { id } } })));
    failed.delete(id);
  } catch (error) {
    failed.add(id);
    toast(problemOf(error).message, "bad");
  }
}
