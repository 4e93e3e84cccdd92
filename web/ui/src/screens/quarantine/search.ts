import { text } from "@/lib/search";

/** What the address of the quarantine says: which table, which group of events, and what is searched for. */
export const quarantineSearch = (raw: Record<string, unknown>): { table?: string; reason?: string; field?: string; search?: string } => ({
  table: text(raw, "table"),
  reason: text(raw, "reason"),
  field: text(raw, "field"),
  search: text(raw, "search"),
});
