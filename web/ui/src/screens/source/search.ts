import { oneOf } from "@/lib/search";

export const sourceTabs = ["shards", "throughput", "schema", "settings"] as const;

/** What the address of a source says: the open part. */
export const sourceSearch = (raw: Record<string, unknown>): { tab?: (typeof sourceTabs)[number] } => ({ tab: oneOf(raw, "tab", sourceTabs) });
