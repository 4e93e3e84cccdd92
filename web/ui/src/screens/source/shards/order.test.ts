import { expect, test } from "vitest";
import type { Shard } from "../queries";
import { listed, turned } from "./order";

const shard = (id: string, lag: number | null, condition = "reading"): Shard => ({
  shard_id: id,
  parents: [],
  open: true,
  condition,
  sequence_number: `49${id}`,
  taken: -1,
  lag_ms: lag,
  events_per_second: 0,
  bytes_per_second: 0,
  last_arrived_at: null,
});
const all = [shard("b", 5), shard("a", null, "waiting"), shard("c", 70)];
const names = (list: Shard[]) => list.map((s) => s.shard_id).join("");

test("shards whose lag is not known come last both ways", () => {
  expect(names(listed(all, { sort: "lag" }))).toBe("bca");
  expect(names(listed(all, { sort: "-lag" }))).toBe("cba");
});

test("shards are found by a part of their name or position, and by condition", () => {
  expect(names(listed(all, { find: "C" }))).toBe("c");
  expect(names(listed(all, { find: "49c" }))).toBe("c");
  expect(names(listed(all, { condition: "waiting" }))).toBe("a");
});

test("a column's head turns the order around", () => {
  expect([turned(undefined, "lag"), turned("-lag", "lag"), turned("lag", "lag"), turned(undefined, "shard"), turned("-shard", "shard")]).toEqual(["-lag", "lag", "-lag", "-shard", undefined]);
});
