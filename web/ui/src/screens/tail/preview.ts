// One line of an event, as the list shows it.

export interface Piece {
  text: string;
  kind: "key" | "string" | "value" | "plain";
  /** Part of what was searched for. */
  hit: boolean;
}

const token = /("(?:[^"\\]|\\.)*"?)(\s*:)?|-?\d[\d.eE+-]*|true|false|null|\s+|[^"\s\d\-tfn]+|./gs;

/** The beginning of an event in one line, or the part around what was searched for, when that is further behind. */
export function preview(event: string, search = "", limit = 320): Piece[] {
  const hits = places(event, search);
  const first = hits[0]?.[0] ?? 0;
  const from = first > limit - 80 ? first - 80 : 0;
  const to = Math.min(event.length, from + limit);
  const pieces: Piece[] = from > 0 ? [{ text: "… ", kind: "plain", hit: false }] : [];
  token.lastIndex = 0;
  for (let m = token.exec(event); m && m.index < to; m = token.exec(event)) {
    const end = m.index + m[0].length;
    if (end <= from) continue;
    cut(event, Math.max(from, m.index), Math.min(to, end), kindOf(m), hits, pieces);
  }
  if (to < event.length) pieces.push({ text: " …", kind: "plain", hit: false });
  return pieces;
}

function kindOf(m: RegExpExecArray): Piece["kind"] {
  if (m[1] !== undefined) return m[2] !== undefined ? "key" : "string";
  return /^[-\dtfn]/.test(m[0]) && m[0].length > 0 && !/^\s/.test(m[0]) ? "value" : "plain";
}

/** Where a text is found, in any letter case. */
function places(event: string, search: string): [number, number][] {
  if (!search) return [];
  const wanted = new RegExp(search.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "gi");
  return Array.from(event.matchAll(wanted), (m) => [m.index, m.index + m[0].length]);
}

/** Adds a token, in parts where it is hit partly. */
function cut(event: string, start: number, end: number, kind: Piece["kind"], hits: readonly [number, number][], to: Piece[]) {
  const add = (a: number, b: number, hit: boolean) => {
    if (a < b) to.push({ text: event.slice(a, b).replace(/\s+/g, " "), kind, hit });
  };
  let at = start;
  for (const [from, until] of hits) {
    if (until <= at) continue;
    if (from >= end) break;
    add(at, from, false);
    add(Math.max(at, from), Math.min(end, until), true);
    at = Math.min(end, until);
  }
  add(at, end, false);
}

/** A document in one line, every number as it is written; undefined if it is no JSON. */
export function oneLine(document: string): string | undefined {
  try {
    JSON.parse(document);
  } catch {
    return undefined;
  }
  return document.replace(/("(?:[^"\\]|\\.)*")|\s+/g, "$1");
}
