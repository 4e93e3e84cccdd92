// Rows as text for other programs.
import type { Result } from "./result";
import { kindOf, type Cell } from "./types";

type Columns = Result["columns"];
export const copyForms = { csv: "CSV", json: "JSON", markdown: "Markdown" } as const;
export type CopyForm = keyof typeof copyForms;

export function copyText(form: CopyForm, columns: Columns, rows: readonly (readonly Cell[])[]): string {
  return { csv: toCSV, json: toJSON, markdown: toMarkdown }[form](columns, rows);
}

/**
 * Text that a spreadsheet takes as text. One that begins like a formula would be run as one when it is pasted or opened, and what
 * is in a stream may have been written by anybody: it gets an apostrophe in front. Numbers stay what they are.
 */
export function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) && !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? `'${text}` : text;
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** CSV as RFC 4180 has it, with a head, and safe to open in a spreadsheet. NULL is nothing at all, an empty text is "". */
export function toCSV(columns: Columns, rows: readonly (readonly Cell[])[]): string {
  const head = columns.map((c) => csvField(harmless(c.name))).join(",");
  const line = (row: readonly Cell[]) => row.map((v) => (v === null ? "" : v === "" ? '""' : csvField(harmless(String(v))))).join(",");
  return [head, ...rows.map(line)].map((l) => l + "\r\n").join("");
}

/** Cells for pasting into a spreadsheet: without a head, divided by tabs. A single cell is copied as it is. */
export function toTSV(rows: readonly (readonly Cell[])[]): string {
  const [first] = rows;
  if (rows.length === 1 && first?.length === 1) return first[0] === null || first[0] === undefined ? "" : String(first[0]);
  const field = (v: Cell) => {
    const text = v === null ? "" : harmless(String(v));
    return /["\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(field).join("\t")).join("\n");
}

/** One object a row. Numbers keep all their digits, and nested values stay nested. */
export function toJSON(columns: Columns, rows: readonly (readonly Cell[])[]): string {
  const names = uniqueNames(columns).map((n) => JSON.stringify(n));
  const kinds = columns.map((c) => kindOf(c.type));
  const value = (v: Cell, i: number) => {
    if (v === null) return "null";
    if (kinds[i] === "json" || (kinds[i] === "number" && /^-?\d+(\.\d+)?$/.test(String(v)))) return String(v);
    return JSON.stringify(v);
  };
  const object = (row: readonly Cell[]) => `  {${row.map((v, i) => `${names[i]}: ${value(v, i)}`).join(", ")}}`;
  return rows.length === 0 ? "[]\n" : `[\n${rows.map(object).join(",\n")}\n]\n`;
}

/** Keys of an object must differ: a name that comes again gets a number. */
function uniqueNames(columns: Columns): string[] {
  const taken = new Set<string>();
  return columns.map((c) => {
    let name = c.name;
    for (let n = 2; taken.has(name); n++) name = `${c.name}_${n}`;
    taken.add(name);
    return name;
  });
}

/** A table for tickets and documents. */
export function toMarkdown(columns: Columns, rows: readonly (readonly Cell[])[]): string {
  const cell = (text: string) => text.replaceAll("\\", "\\\\").replaceAll("|", "\\|").replace(/\r\n|\r|\n/g, "<br>");
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  return (
    line(columns.map((c) => cell(c.name))) +
    line(columns.map((c) => (kindOf(c.type) === "number" ? "---:" : "---"))) +
    rows.map((row) => line(row.map((v) => (v === null ? "" : cell(String(v)))))).join("")
  );
}
