import { oneOf, text } from "@/lib/search";

export const sourceTabs = ["shards", "throughput", "schema", "settings"] as const;
export const ranges = ["15m", "1h", "6h"] as const;
export const conditions = ["reading", "waiting", "throttled", "failing", "paused", "finished"] as const;
/** What shards are sorted by; "-" before it is from the largest down. */
export const shardOrders = ["shard", "-shard", "lag", "-lag", "rate", "-rate", "bytes", "-bytes", "seen", "-seen", "calls", "-calls"] as const;

export type SourceTab = (typeof sourceTabs)[number];
export type Range = (typeof ranges)[number];
export type ShardOrder = (typeof shardOrders)[number];

export interface SourceSearch {
  /** The open part; without it the shards. */
  tab?: SourceTab;
  /** How far the charts look back; without it 15 minutes. */
  range?: Range;
  /** The shard that is looked at. */
  shard?: string;
  /** Which shards are listed. */
  condition?: (typeof conditions)[number];
  find?: string;
  sort?: ShardOrder;
  /** Which columns are listed. */
  column?: string;
}

/** What the address of a source says. */
export const sourceSearch = (raw: Record<string, unknown>): SourceSearch => ({
  tab: oneOf(raw, "tab", sourceTabs),
  range: oneOf(raw, "range", ranges),
  shard: text(raw, "shard"),
  condition: oneOf(raw, "condition", conditions),
  find: text(raw, "find"),
  sort: oneOf(raw, "sort", shardOrders),
  column: text(raw, "column"),
});
