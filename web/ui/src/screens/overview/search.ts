import { oneOf, text } from "@/lib/search";

export const orders = ["attention", "name", "rate", "freshness", "lag", "quarantined"] as const;
export type Order = (typeof orders)[number];

/** What the address of the overview says: how the sources are ordered, and what their names must have. */
export const overviewSearch = (raw: Record<string, unknown>): { sort?: Order; find?: string } => ({
  sort: oneOf(raw, "sort", orders),
  find: text(raw, "find"),
});
