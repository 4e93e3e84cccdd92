import { text, texts } from "@/lib/search";

/** What the address of the live tail says: the source, conditions (path=value) and a text that events must have, and the one shard to show. */
export const tailSearch = (raw: Record<string, unknown>): { source?: string; filter?: string[]; text?: string; shard?: string } => ({
  source: text(raw, "source"),
  filter: texts(raw, "filter"),
  text: text(raw, "text"),
  shard: text(raw, "shard"),
});
