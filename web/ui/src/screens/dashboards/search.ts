import { text, whole } from "@/lib/search";

/** What the address of the list says: the text that is looked for. */
export const dashboardsSearch = (raw: Record<string, unknown>): { q?: string } => ({ q: text(raw, "q") });

/**
 * What the address of a dashboard says: the time range, and the seconds between refreshes, where they differ from its own; the
 * panel that fills the screen; and whether the dashboard does.
 */
export const dashboardSearch = (raw: Record<string, unknown>): { range?: string; from?: string; to?: string; refresh?: number; panel?: string; full?: boolean } => ({
  range: text(raw, "range"),
  from: text(raw, "from"),
  to: text(raw, "to"),
  refresh: whole(raw, "refresh", 0, 3600),
  panel: text(raw, "panel"),
  full: raw.full === true || raw.full === "true" ? true : undefined,
});
export type DashboardSearch = ReturnType<typeof dashboardSearch>;
