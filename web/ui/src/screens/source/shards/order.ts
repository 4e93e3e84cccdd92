import type { Shard } from "../queries";
import type { ShardOrder, SourceSearch } from "../search";

type By = "shard" | "lag" | "rate" | "bytes" | "seen" | "calls";

const values: Record<Exclude<By, "shard">, (s: Shard) => number | null> = {
  lag: (s) => s.lag_ms,
  rate: (s) => s.events_per_second,
  bytes: (s) => s.bytes_per_second,
  seen: (s) => (s.last_arrived_at ? Date.parse(s.last_arrived_at) : null),
  calls: (s) => (s.limits ? Math.max(s.limits.calls, s.limits.bytes) : null),
};

/** The shards as the address wants them listed. What is not known comes last, whichever way they are sorted. */
export function listed(shards: readonly Shard[], { find, condition, sort = "shard" }: Pick<SourceSearch, "find" | "condition" | "sort">): Shard[] {
  const wanted = find?.trim().toLowerCase();
  const down = sort.startsWith("-");
  const by = sort.replace("-", "") as By;
  const kept = shards.filter((s) => (!condition || s.condition === condition) && (!wanted || s.shard_id.toLowerCase().includes(wanted) || s.sequence_number.includes(wanted)));
  const byName = (a: Shard, b: Shard) => (a.shard_id < b.shard_id ? -1 : 1);
  return kept.sort((a, b) => {
    if (by === "shard") return down ? byName(b, a) : byName(a, b);
    const [x, y] = [values[by](a), values[by](b)];
    if (x === null || y === null) return x === y ? byName(a, b) : x === null ? 1 : -1;
    return (down ? y - x : x - y) || byName(a, b);
  });
}

/** What a click on a column's head makes of the order: numbers from the largest down first. */
export function turned(now: ShardOrder | undefined, by: By): ShardOrder | undefined {
  if (by === "shard") return now === undefined || now === "shard" ? "-shard" : undefined;
  return now === `-${by}` ? by : `-${by}`;
}

export type { By };
