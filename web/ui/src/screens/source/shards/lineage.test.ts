import { expect, test } from "vitest";
import { lineageOf, shareOf } from "./lineage";

const top = 2n ** 128n;
const shard = (id: string, from: bigint, to: bigint, parents: string[] = [], open = true) => ({
  shard_id: id,
  parents,
  open,
  starting_hash_key: String((top * from) / 8n),
  ending_hash_key: String((top * to) / 8n - 1n),
});

test("a split divides its parent's rows, and a shard that stayed reaches to the newest generation", () => {
  const { nodes, links, generations, rows } = lineageOf([shard("a", 0n, 4n, [], false), shard("b", 4n, 8n), shard("c", 0n, 1n, ["a"]), shard("d", 1n, 4n, ["a"])]);
  expect({ generations, rows }).toEqual({ generations: 2, rows: 3 });
  expect(nodes.map(({ id, from, to, top, bottom }) => [id, from, to, top, bottom])).toEqual([
    ["a", 0, 1, 0, 2],
    ["b", 0, 2, 2, 3],
    ["c", 1, 2, 0, 1],
    ["d", 1, 2, 1, 2],
  ]);
  expect(links.map((l) => [l.parent, l.child, l.rows])).toEqual([
    ["a", "c", { top: 0, bottom: 1 }],
    ["a", "d", { top: 1, bottom: 2 }],
  ]);
});

test("a merge begins after the later of its parents, and both reach up to it", () => {
  const { nodes } = lineageOf([shard("a", 0n, 4n, [], false), shard("b", 4n, 8n, [], false), shard("c", 0n, 2n, ["a"]), shard("d", 2n, 4n, ["a"], false), shard("m", 2n, 8n, ["d", "b"])]);
  const node = (id: string) => nodes.find((n) => n.id === id);
  expect(node("m")).toMatchObject({ from: 2, parents: ["d", "b"] });
  expect(node("b")).toMatchObject({ from: 0, to: 2, children: ["m"] });
  expect(node("d")).toMatchObject({ from: 1, to: 2 });
});

test("parents that are not there any more and shards in a circle do no harm", () => {
  const { nodes } = lineageOf([shard("a", 0n, 4n, ["gone"]), shard("b", 4n, 8n, ["c"]), shard("c", 4n, 8n, ["b"])]);
  expect(nodes.find((n) => n.id === "a")).toMatchObject({ from: 0, parents: [] });
  expect(nodes).toHaveLength(3);
});

test("shards whose ranges are not known have a row each", () => {
  const { nodes, rows } = lineageOf([{ shard_id: "a", parents: [], open: true }, { shard_id: "b", parents: ["a"], open: true }]);
  expect(rows).toBe(2);
  expect(nodes.map((n) => [n.top, n.bottom])).toEqual([[0, 1], [1, 2]]);
});

test("a thousand generations do not exhaust the stack", () => {
  const chain = Array.from({ length: 1000 }, (_, i) => shard(`s${i}`, 0n, 8n, i ? [`s${i - 1}`] : [], i === 999));
  expect(lineageOf(chain.reverse()).generations).toBe(1000);
});

test("a share of the hash keys", () => {
  expect(shareOf(shard("a", 0n, 2n))).toBe(0.25);
  expect(shareOf({ shard_id: "a", parents: [], open: true })).toBeNull();
});
