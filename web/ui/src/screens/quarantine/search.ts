import { oneOf, text } from "@/lib/search";

export const orders = ["count", "newest"] as const;

/** What the address of the quarantine says: which table, which group of events, what is searched for, and which page of the events. */
export const quarantineSearch = (
  raw: Record<string, unknown>,
): { table?: string; reason?: string; field?: string; search?: string; after?: string; order?: (typeof orders)[number] } => ({
  table: text(raw, "table"),
  reason: text(raw, "reason"),
  field: raw.field === "" ? "" : text(raw, "field"), // empty: the events of no field
  search: text(raw, "search"),
  after: text(raw, "after"),
  order: oneOf(raw, "order", orders),
});
