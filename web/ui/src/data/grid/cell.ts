// How a value is written in a cell: to be read, and cut where it is too long for that. Copies have the value itself.
import { number } from "@/lib/format";
import { namesThing, type Cell, type Kind } from "../types";

export interface GridColumn {
  index: number;
  name: string;
  type: string;
  kind: Kind;
  /** Numbers that name things are written without separators. */
  plain: boolean;
  /** The digits after the second that its times are written with: 0, 3, 6 or 9, so that they stand below each other. */
  digits: number;
}

export function gridColumn(c: { name: string; type: string }, index: number, kind: Kind, digits: number): GridColumn {
  return { index, name: c.name, type: c.type, kind, plain: namesThing(c.name), digits };
}

/** The digits that show all of a column's times: the server sends them without the zeros at their end. */
export function fractionDigits(kind: Kind, rows: readonly (readonly Cell[])[], index: number): number {
  if (kind !== "time") return 0;
  let most = 0;
  for (const row of rows) {
    const value = row[index];
    if (typeof value === "string" && most < 9) most = Math.max(most, fraction.exec(value)?.[1]?.length ?? 0);
  }
  return Math.ceil(most / 3) * 3;
}

const longest = 400;
const fraction = /:\d\d\.(\d+)/;

export function cellText(value: Exclude<Cell, null>, column: GridColumn): string {
  if (column.kind === "number" && !column.plain) return number(value as string | number);
  const text = column.kind === "time" ? timeText(String(value), column.digits) : String(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** A time in UTC as SQL writes it: 2026-11-23 08:48:53.616. */
function timeText(value: string, digits: number): string {
  const text = value.replace(/^([+-]?\d{4,}-\d\d-\d\d)T(.+?)Z?$/, "$1 $2");
  return digits === 0 ? text : text.replace(/(:\d\d:\d\d)(?:\.(\d+))?/, (_, time: string, part = "") => `${time}.${String(part).padEnd(digits, "0")}`);
}

/** The width that shows most of a column's values, from rows that stand all over the result. A number is never cut. */
export function fittingWidth(column: GridColumn, rows: readonly (readonly Cell[])[], max: number): number {
  let chars = Math.max(column.name.length, column.type.length * 0.8) + 3;
  const step = Math.max(1, Math.floor(rows.length / 200));
  for (let i = 0; i < rows.length; i += step) {
    const value = rows[i]?.[column.index] ?? null;
    if (value !== null) chars = Math.max(chars, Math.min(cellText(value, column).length, longest));
  }
  return Math.round(Math.min(column.kind === "number" ? Math.max(max, 400) : max, Math.max(64, chars * 7.1 + 22)));
}
