// Where shards come from and what became of them, laid out: from left to right the generations, from top to bottom the range
// of hash keys. Splits and merges are then what they are: a range that is divided, ranges that are joined.
import type { Schemas } from "@/api/client";

type Shard = Pick<Schemas["ShardView"], "shard_id" | "parents" | "open" | "starting_hash_key" | "ending_hash_key">;

export interface LineageNode {
  id: string;
  /** The generation it begins in, from 0. */
  from: number;
  /** The generation before which it ends. */
  to: number;
  /** The rows it takes, the last one left out. */
  top: number;
  bottom: number;
  open: boolean;
  /** Those that are known, of the shards given. */
  parents: readonly string[];
  children: readonly string[];
}

/** A parent and a child, over the rows that they share. */
export interface LineageLink {
  parent: string;
  child: string;
  /** The generation the child begins in. */
  at: number;
  /** Undefined if the ranges of the two are not known. */
  rows?: { top: number; bottom: number };
}

export interface Lineage {
  nodes: readonly LineageNode[];
  links: readonly LineageLink[];
  generations: number;
  rows: number;
}

/** What says how a shard is drawn; the rest of it changes every second. */
export function sameLineage(a: readonly Shard[], b: readonly Shard[]): boolean {
  return (
    a.length === b.length &&
    a.every((s, i) => {
      const t = b[i];
      return t && s.shard_id === t.shard_id && s.open === t.open && s.starting_hash_key === t.starting_hash_key && s.ending_hash_key === t.ending_hash_key && String(s.parents) === String(t.parents);
    })
  );
}

/** More than so many are not drawn: then the history is left out before the parents of what is there now. */
const drawn = 500;

/** The shards to draw. */
export function recent<S extends Shard & { condition: string }>(shards: readonly S[]): readonly S[] {
  if (shards.length <= drawn) return shards;
  const current = shards.filter((s) => s.open || s.condition !== "finished");
  const parents = new Set(current.flatMap((s) => s.parents));
  return shards.filter((s) => s.open || s.condition !== "finished" || parents.has(s.shard_id));
}

export function lineageOf(shards: readonly Shard[]): Lineage {
  const byId = new Map(shards.map((s) => [s.shard_id, s]));
  const parents = new Map(shards.map((s) => [s.shard_id, s.parents.filter((p) => p !== s.shard_id && byId.has(p))]));
  const children = new Map<string, string[]>(shards.map((s) => [s.shard_id, []]));
  for (const [id, of] of parents) for (const p of of) children.get(p)?.push(id);

  const generation = generationsOf(parents);
  const generations = Math.max(0, ...generation.values()) + 1;
  const rows = rowsOf(shards);
  const nodes = shards.map((s): LineageNode => {
    const id = s.shard_id;
    const from = generation.get(id) ?? 0;
    const began = (children.get(id) ?? []).map((c) => generation.get(c) ?? generations).filter((g) => g > from);
    const to = began.length ? Math.min(...began) : s.open ? generations : from + 1;
    return { id, from, to, ...(rows.of.get(id) ?? { top: 0, bottom: 1 }), open: s.open, parents: parents.get(id) ?? [], children: children.get(id) ?? [] };
  });
  nodes.sort((a, b) => a.from - b.from || a.top - b.top || (a.id < b.id ? -1 : 1));

  const links: LineageLink[] = [];
  for (const s of shards) {
    const own = rows.of.get(s.shard_id);
    for (const parent of parents.get(s.shard_id) ?? []) {
      const its = rows.of.get(parent);
      const top = Math.max(own?.top ?? 0, its?.top ?? 0);
      const bottom = Math.min(own?.bottom ?? 0, its?.bottom ?? 0);
      links.push({ parent, child: s.shard_id, at: generation.get(s.shard_id) ?? 0, rows: top < bottom ? { top, bottom } : undefined });
    }
  }
  return { nodes, links, generations: shards.length ? generations : 0, rows: rows.count };
}

/** One more than the latest of the parents; a shard without known parents is of the first. */
function generationsOf(parents: ReadonlyMap<string, readonly string[]>): Map<string, number> {
  const known = new Map<string, number>();
  const under = new Set<string>();
  const of = (id: string): number => {
    const before = known.get(id);
    if (before !== undefined) return before;
    if (under.has(id)) return 0; // what cannot be, a shard among its own forebears, must not hang the page
    under.add(id);
    const g = Math.max(-1, ...(parents.get(id) ?? []).map(of)) + 1;
    under.delete(id);
    known.set(id, g);
    return g;
  };
  for (const id of parents.keys()) of(id);
  return known;
}

/**
 * Rows are the pieces into which all borders together divide the hash keys, each of the same height: however small a
 * shard's range is, it can be seen. Shards whose range is not known get rows of their own below.
 */
function rowsOf(shards: readonly Shard[]): { of: Map<string, { top: number; bottom: number }>; count: number } {
  const ranges = new Map<string, { first: bigint; end: bigint }>();
  for (const s of shards) {
    const range = rangeOf(s);
    if (range) ranges.set(s.shard_id, range);
  }
  const borders = [...new Set([...ranges.values()].flatMap((r) => [r.first, r.end]))].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const row = new Map(borders.map((border, i) => [border, i]));
  const of = new Map<string, { top: number; bottom: number }>();
  let count = Math.max(0, borders.length - 1);
  for (const s of shards) {
    const range = ranges.get(s.shard_id);
    if (range) of.set(s.shard_id, { top: row.get(range.first) ?? 0, bottom: row.get(range.end) ?? 1 });
    else of.set(s.shard_id, { top: count, bottom: ++count });
  }
  return { of, count };
}

const keys = 2n ** 128n;

function rangeOf(s: Shard): { first: bigint; end: bigint } | null {
  const { starting_hash_key: first, ending_hash_key: last } = s;
  if (!first || !last || !/^\d+$/.test(first) || !/^\d+$/.test(last) || BigInt(last) < BigInt(first)) return null;
  return { first: BigInt(first), end: BigInt(last) + 1n };
}

/** The share of all hash keys that a shard has, null if that is not known. */
export function shareOf(s: Shard): number | null {
  const range = rangeOf(s);
  return range && Number(((range.end - range.first) * 1_000_000n) / keys) / 1_000_000;
}
