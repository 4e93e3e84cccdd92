// Reading a result's JSON without losing a digit. JSON.parse makes doubles of all numbers: where columns hold JSON or nested
// values, these are kept as the text that the server sent.
import type { Schemas } from "@/api/client";
import { kindOf, type Cell } from "./types";

export type Envelope = Omit<Schemas["QueryResult"], "rows"> & { rows: Cell[][] };

/** Reads the body of a query's answer. */
export function parseEnvelope(text: string): Envelope {
  const start = rowsStart(text);
  if (!start) return JSON.parse(text) as Envelope;
  const nested = start.columns.map((c) => kindOf(c.type) === "json");
  if (!nested.includes(true)) return JSON.parse(text) as Envelope;
  const rows: Cell[][] = [];
  const end = readRows(text, start.at, nested, rows);
  return { ...(JSON.parse(text.slice(0, start.at) + "[]" + text.slice(end)) as Envelope), rows };
}

/** Where the rows begin, and the columns that stand before them. */
function rowsStart(text: string): { at: number; columns: { type: string }[] } | null {
  let columns: { type: string }[] = [];
  let at = skipSpace(text, 0) + 1;
  for (;;) {
    at = skipSpace(text, at);
    if (text[at] !== '"') return null;
    const keyEnd = skipValue(text, at);
    const key = text.slice(at + 1, keyEnd - 1);
    at = skipSpace(text, skipSpace(text, keyEnd) + 1);
    if (key === "rows") return { at, columns };
    const end = skipValue(text, at);
    if (key === "columns") columns = JSON.parse(text.slice(at, end)) as { type: string }[];
    at = skipSpace(text, end);
    if (text[at] !== ",") return null;
    at++;
  }
}

/** Reads the array of rows that begins at `at` and tells where it ends. */
function readRows(text: string, at: number, nested: boolean[], rows: Cell[][]): number {
  at = skipSpace(text, at + 1);
  while (text[at] === "[") {
    const row: Cell[] = [];
    at = skipSpace(text, at + 1);
    while (text[at] !== "]") {
      const end = skipValue(text, at);
      const value = text.slice(at, end);
      row.push(nested[row.length] ? (value === "null" ? null : value) : (JSON.parse(value) as Cell));
      at = skipSpace(text, end);
      if (text[at] === ",") at = skipSpace(text, at + 1);
    }
    rows.push(row);
    at = skipSpace(text, at + 1);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return at + 1;
}

function skipSpace(text: string, at: number): number {
  for (;;) {
    const c = text.charCodeAt(at);
    if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return at;
    at++;
  }
}

/** The end of the JSON value that begins at `at`. The text is known to be JSON: only what bounds a value is looked at. */
function skipValue(text: string, at: number): number {
  const first = text[at];
  if (first === '"') return skipString(text, at);
  if (first !== "{" && first !== "[") {
    while (at < text.length && !",]}\n\r\t ".includes(text[at] ?? "")) at++;
    return at;
  }
  let depth = 0;
  while (at < text.length) {
    const c = text[at];
    if (c === '"') {
      at = skipString(text, at);
      continue;
    }
    at++;
    if (c === "{" || c === "[") depth++;
    else if ((c === "}" || c === "]") && --depth === 0) return at;
  }
  throw new SyntaxError("the answer ends inside a value");
}

function skipString(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); end > 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  throw new SyntaxError("the answer ends inside a text");
}
