// The types of columns, and which of them a column may become. The server decides; this is what the console offers.
import type { Column } from "../queries";

export const columnTypes = ["BOOLEAN", "BIGINT", "HUGEINT", "DOUBLE", "VARCHAR", "DATE", "TIMESTAMP", "UUID", "JSON"] as const;
export type ColumnType = (typeof columnTypes)[number];

const wider: Record<string, readonly ColumnType[]> = {
  BIGINT: ["HUGEINT", "DOUBLE", "VARCHAR", "JSON"],
  HUGEINT: ["DOUBLE", "VARCHAR", "JSON"],
  DATE: ["TIMESTAMP", "VARCHAR", "JSON"],
};

export const meanings: Record<ColumnType, string> = {
  BOOLEAN: "true or false",
  BIGINT: "whole numbers of 64 bits",
  HUGEINT: "whole numbers of 128 bits",
  DOUBLE: "numbers with a fraction",
  VARCHAR: "text, and numbers as they are written",
  DATE: "days, as 2026-01-31",
  TIMESTAMP: "moments",
  UUID: "UUIDs",
  JSON: "anything, as it is written",
};

/** What a column may be widened to without loss, narrowest first. */
export function widerThan(column: Column): readonly ColumnType[] {
  if (system(column)) return [];
  switch (column.type) {
    case "JSON":
      return [];
    case "VARCHAR":
      return column.format === "scalar" ? ["JSON"] : ["VARCHAR", "JSON"];
    default:
      return wider[column.type] ?? ["VARCHAR", "JSON"];
  }
}

/** Columns that Helios fills itself. */
export function system(column: Column): boolean {
  return !column.path?.length;
}

/** A path for people: user › address › city. */
export function pathText(path: readonly string[] | null | undefined): string {
  return (path ?? []).join(" › ");
}

/**
 * A path as a person types it: names between dots. A name with a dot in it is put in double quotes, in which "" is a quote.
 * Null for what is no path.
 */
export function parsePath(text: string): string[] | null {
  const names: string[] = [];
  let rest = text.trim();
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"/.exec(rest);
    const name = quoted ? (quoted[1] ?? "").replaceAll('""', '"') : (/^[^.]*/.exec(rest)?.[0] ?? "").trim();
    if (!name) return null;
    names.push(name);
    rest = rest.slice(quoted ? quoted[0].length : (/^[^.]*/.exec(rest)?.[0] ?? "").length);
    if (rest === "") return names;
    if (!rest.startsWith(".")) return null;
    rest = rest.slice(1);
  }
}

/** What the column's format means, if it has one. */
export function formatText(column: Column): string | null {
  return { epoch_s: "seconds since 1970", epoch_ms: "milliseconds since 1970", scalar: "numbers too" }[column.format ?? ""] ?? null;
}
