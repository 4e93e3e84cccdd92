// Parameters of statements: where they stand, what a person writes for them, and what is sent.
import { tokens } from "./lexer";

export type Value = string | number | boolean | null;

/** What people wrote, by the parameter's name in small letters. */
export type Written = Readonly<Record<string, string>>;

/** The names of the parameters of a text, each once, in order: `from` for $from, `1` for $1 and for the first ?. */
export function parameters(text: string): string[] {
  const found = new Map<string, string>();
  let marks = 0;
  for (const t of tokens(text)) {
    if (t.kind !== "param") continue;
    const name = text[t.from] === "?" ? String(++marks) : text.slice(t.from + 1, t.to);
    // DuckDB takes $From for $from.
    if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), name);
  }
  return [...found.values()];
}

/** True for the parameters of a time range, in small letters: they have inputs of their own. */
export function isTime(key: string): key is "from" | "to" {
  return key === "from" || key === "to";
}

const wholeOrNot = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** What a text in an input stands for: 42, true, NULL (or nothing at all), 'in quotes' for text that looks like one of these. */
export function meaning(written: string): Value {
  const text = written.trim();
  if (text === "" || /^null$/i.test(text)) return null;
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  if (wholeOrNot.test(text)) {
    const n = Number(text);
    // A whole number that JavaScript would round goes as its digits: the engine reads them as the number they are.
    return Number.isFinite(n) && (Number.isSafeInteger(n) || !/^-?\d+$/.test(text)) ? n : text;
  }
  const quoted = /^'((?:[^']|'')*)'$/s.exec(text);
  return quoted ? quoted[1]!.replaceAll("''", "'") : written;
}

/** The kind of value that a text in an input stands for, in a word. */
export function kindOf(written: string): "NULL" | "number" | "boolean" | "text" {
  const value = meaning(written);
  if (value === null) return "NULL";
  if (typeof value === "string") return wholeOrNot.test(written.trim()) ? "number" : "text";
  return typeof value === "number" ? "number" : "boolean";
}

/** The text that stands for a value in an input: `meaning` gives the value back. */
export function writtenAs(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return typeof value === "object" ? JSON.stringify(value) : String(value);
  const plain = value !== "" && meaning(value) === value && !wholeOrNot.test(value) && !value.startsWith("'");
  return plain ? value : `'${value.replaceAll("'", "''")}'`;
}

/** The parameters that a query was saved or ran with, as a person would write them. */
export function writtenParams(params: unknown): Written {
  if (typeof params !== "object" || params === null) return {};
  const entries = Array.isArray(params) ? params.map((v, i) => [String(i + 1), v] as const) : Object.entries(params);
  return Object.fromEntries(entries.map(([name, v]) => [name.toLowerCase(), isTime(name.toLowerCase()) && typeof v === "string" ? v : writtenAs(v)]));
}

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A time as it is written (`now`, `now-15m`, or any time that the browser reads) as RFC 3339; anything else as it stands. */
export function timeOf(written: string, now: number): string {
  const relative = /^now(?:-(\d+)([smhd]))?$/.exec(written.trim());
  if (relative) return new Date(now - Number(relative[1] ?? 0) * units[(relative[2] ?? "s") as keyof typeof units]).toISOString();
  const at = new Date(written);
  return Number.isNaN(at.getTime()) ? written : at.toISOString();
}

/** The range that $from and $to have until somebody chooses another. */
export const usualRange = { from: "now-1h", to: "now" } as const;

/** What is sent with a statement, by name: $1 and the first ? are called 1. Nothing where it has no parameters. */
export function valuesFor(sql: string, written: Written, now: number): Record<string, Value> | undefined {
  const names = parameters(sql);
  if (names.length === 0) return undefined;
  return Object.fromEntries(
    names.map((name) => {
      const key = name.toLowerCase();
      return [name, isTime(key) ? timeOf(written[key] ?? usualRange[key], now) : meaning(written[key] ?? "")];
    }),
  );
}
