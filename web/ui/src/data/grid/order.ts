// Which rows of a result are shown, and in which order. Rows are never copied: what comes out are their numbers.
import type { Result } from "../result";
import { kindOf, type Cell, type Kind } from "../types";

export interface Sort {
  column: number;
  descending: boolean;
}
export interface Filters {
  /** Text that must be somewhere in the row. */
  anywhere: string;
  /** What single columns must hold: see `matcher`. */
  columns: ReadonlyMap<number, string>;
}

/** The numbers of the rows that pass the filters, sorted; equal rows keep the result's order. */
export function order(result: Pick<Result, "columns" | "rows">, sorts: readonly Sort[], filters: Filters): Uint32Array {
  const { rows } = result;
  const kinds = result.columns.map((c) => kindOf(c.type));
  const tests = [...filters.columns].flatMap(([column, text]) => {
    const test = matcher(text, kinds[column] ?? "text");
    return test ? [{ column, test }] : [];
  });
  const anywhere = filters.anywhere.trim();
  const holds = anywhere ? kinds.map((kind) => containing(anywhere, kind)) : null;
  const found = new Uint32Array(rows.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? [];
    if (!tests.every((t) => t.test(row[t.column] ?? null))) continue;
    if (holds && !row.some((value, k) => holds[k]?.(value))) continue;
    found[count++] = i;
  }
  const shown = found.slice(0, count);
  if (sorts.length === 0) return shown;
  const keyed = sorts.map((s) => ({ keys: sortKeys(rows, s.column, kinds[s.column] ?? "text"), compare: comparison(kinds[s.column] ?? "text"), sign: s.descending ? -1 : 1 }));
  return shown.sort((a, b) => {
    for (const { keys, compare, sign } of keyed) {
      const x = keys[a] ?? null;
      const y = keys[b] ?? null;
      // What is NULL stands last, whichever the direction.
      if (x === null || y === null) {
        if (x !== y) return x === null ? 1 : -1;
        continue;
      }
      const c = compare(x, y);
      if (c !== 0) return c * sign;
    }
    return a - b;
  });
}

type Comparable = Exclude<Cell, null>;

function sortKeys(rows: readonly Cell[][], column: number, kind: Kind): Cell[] {
  return rows.map((r) => {
    const value = r[column] ?? null;
    return kind === "time" && typeof value === "string" ? timeKey(value) : value;
  });
}

function comparison(kind: Kind): (a: Comparable, b: Comparable) => number {
  return kind === "number" ? compareNumbers : (a, b) => (a < b ? -1 : a > b ? 1 : 0);
}

/** Compares numbers by all their digits; as in the engine, NaN is larger than any other. */
export function compareNumbers(a: Comparable, b: Comparable): number {
  const x = Number(a);
  const y = Number(b);
  if (x < y) return -1;
  if (x > y) return 1;
  if (x === y) return typeof a === "number" && typeof b === "number" ? 0 : compareDigits(String(a), String(b));
  return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
}

/** Compares decimal numbers of the same sign that are equal as doubles. */
function compareDigits(a: string, b: string): number {
  if (!/^-?\d+(\.\d+)?$/.test(a) || !/^-?\d+(\.\d+)?$/.test(b)) return 0;
  const [wholeA = "", partA = ""] = a.split(".");
  const [wholeB = "", partB = ""] = b.split(".");
  const width = Math.max(partA.length, partB.length);
  const x = BigInt(wholeA + partA.padEnd(width, "0"));
  const y = BigInt(wholeB + partB.padEnd(width, "0"));
  return x < y ? -1 : x > y ? 1 : 0;
}

/** A time as text that sorts as time does: ISO texts do but for the Z, years beyond four digits, and infinity. */
function timeKey(value: string): string {
  if (value === "infinity") return "~";
  if (value.startsWith("-")) return " "; // -infinity, and years before 0
  return value.startsWith("+") ? `:${value.length}${value}` : value.replace(/Z$/, "");
}

function containing(text: string, kind: Kind): (value: Cell) => boolean {
  const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  // Numbers are shown with commas that the values do not have.
  const pattern = kind === "time" ? timePattern(escaped) : kind === "number" && /^-?[\d,]+(\\.\d*)?$/.test(escaped) ? escaped.replaceAll(",", "") : escaped;
  const held = new RegExp(pattern, "i");
  return (value) => value !== null && held.test(String(value));
}

/** Times are shown with a space, and with zeros at the end, that the values do not have. */
function timePattern(escaped: string): string {
  const [, time, part, zeros] = /^(.*:\d\d)\\\.(\d*?)(0+)$/.exec(escaped) ?? [];
  if (time === undefined) return escaped.replaceAll(" ", "[ T]");
  const [kept, cut] = part ? [`\\.${part}`, zeros] : ["", `\\.${zeros}`];
  return `${time.replaceAll(" ", "[ T]")}${kept}(?:${cut}|(?![.\\d]))`;
}

/**
 * The test that a column's filter asks for, or null when it asks for nothing: text is looked for anywhere in the value;
 * `=x`, `!=x`, `>x`, `>=x`, `<x`, `<=x` compare; `a..b` is a range with both ends; `null` and `!null` tell what is there.
 */
export function matcher(filter: string, kind: Kind): ((value: Cell) => boolean) | null {
  const text = filter.trim();
  if (!text) return null;
  if (/^null$/i.test(text)) return (v) => v === null;
  if (/^!\s*null$/i.test(text)) return (v) => v !== null;
  const operand = (raw: string): Comparable => {
    const t = raw.trim();
    if (kind === "number") return t.replaceAll(",", "");
    // As the value is, without the zeros that its column is filled up with.
    return kind === "time" ? timeKey(t.replace(" ", "T")).replace(/\.(\d*?)0+$/, (_, part: string) => (part ? `.${part}` : "")) : t.toLowerCase();
  };
  const key = (value: Comparable): Comparable => (kind === "number" ? value : kind === "time" ? timeKey(String(value)) : String(value).toLowerCase());
  const compare = comparison(kind);
  const comparable = (raw: string) => raw.trim() !== "" && (kind !== "number" || !Number.isNaN(Number(raw.replaceAll(",", ""))));
  const range = /^(.+?)\.\.(.+)$/.exec(text);
  if (range?.[1] && range[2] && kind !== "text" && kind !== "json" && comparable(range[1]) && comparable(range[2])) {
    const [low, high] = [operand(range[1]), operand(range[2])];
    return (v) => v !== null && compare(key(v), low) >= 0 && compare(key(v), high) <= 0;
  }
  const parts = /^(!=|<>|>=|<=|=|>|<)(.*)$/.exec(text);
  if (parts?.[1] && parts[2] !== undefined && comparable(parts[2])) {
    const with_ = operand(parts[2]);
    const test = { "=": (c: number) => c === 0, "!=": (c: number) => c !== 0, "<>": (c: number) => c !== 0, ">": (c: number) => c > 0, ">=": (c: number) => c >= 0, "<": (c: number) => c < 0, "<=": (c: number) => c <= 0 }[parts[1]];
    if (test) return (v) => v !== null && test(compare(key(v), with_));
  }
  return containing(text, kind);
}
