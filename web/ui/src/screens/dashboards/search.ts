import { text, whole } from "@/lib/search";

/** What the address of a dashboard says: the time range, and the seconds between refreshes, where they differ from its own. */
export const dashboardSearch = (raw: Record<string, unknown>): { range?: string; from?: string; to?: string; refresh?: number } => ({
  range: text(raw, "range"),
  from: text(raw, "from"),
  to: text(raw, "to"),
  refresh: whole(raw, "refresh", 0, 3600),
});
