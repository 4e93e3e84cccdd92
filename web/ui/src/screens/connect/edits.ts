// What a person makes of the inferred schema: their changes, by the fields' paths, and the columns that come of them. Pure.
import type { Schemas } from "@/api/client";

export type Field = Schemas["Field"];
export type NewColumn = Schemas["NewColumn"];
export type Type = NewColumn["type"];
export type Format = NonNullable<NewColumn["format"]>;
export type Key = string;

export interface FieldEdit {
  skip?: boolean;
  name?: string;
  type?: Type;
  format?: Format;
}
/** What becomes of an object: its fields become columns, it stays one JSON column, or it is read over. */
export type ObjectMode = "flatten" | "json" | "skip";
/** A column for a field that the sample does not hold. The path is written with dots. */
export interface ByHand {
  id: number;
  name: string;
  type: Type;
  format: Format;
  path: string;
}
export interface Edits {
  fields: Readonly<Record<Key, FieldEdit>>;
  objects: Readonly<Record<Key, ObjectMode>>;
  byHand: readonly ByHand[];
}
export const noEdits: Edits = { fields: {}, objects: {}, byHand: [] };

/** A line of the editor. */
export interface Line {
  key: Key;
  path: readonly string[];
  kind: "object" | "field";
  mode?: ObjectMode; // of an object
  skipped: boolean;
  /** The column that it becomes; absent for what becomes none. */
  column?: NewColumn;
  field?: Field;
  /** What is wrong with the column's name. */
  wrong?: string;
}

export interface Plan {
  lines: readonly Line[];
  byHand: readonly (ByHand & { wrong?: string })[];
  columns: NewColumn[];
  ignore: string[][];
  /** False while a name is wrong: then nothing can be predicted or made. */
  valid: boolean;
  /** Whether it differs from what was inferred. */
  edited: boolean;
}

export const keyOf = (path: readonly string[]): Key => JSON.stringify(path);

/** The columns and the ignored fields that the edits make of the inferred fields. */
export function planOf(fields: readonly Field[], edits: Edits): Plan {
  const objects = new Set(fields.flatMap(({ path }) => path.slice(1).map((_, i) => keyOf(path.slice(0, i + 1)))));
  const lines: Line[] = [];
  const told = new Set<Key>();
  const modeOf = (path: readonly string[]) => edits.objects[keyOf(path)] ?? "flatten";
  const object = (path: readonly string[]) => {
    const key = keyOf(path);
    if (told.has(key)) return;
    told.add(key);
    const mode = modeOf(path);
    const column = mode === "json" ? { name: edits.fields[key]?.name ?? nameFor(path), type: "JSON" as const, path: [...path] } : undefined;
    lines.push({ key, path, kind: "object", mode, skipped: mode === "skip", column });
  };
  for (const field of fields) {
    const path = field.path;
    const parents = path.slice(1).map((_, i) => path.slice(0, i + 1));
    const closed = parents.findIndex((p) => modeOf(p) !== "flatten");
    for (const p of closed < 0 ? parents : parents.slice(0, closed + 1)) object(p);
    if (closed >= 0) continue;
    const key = keyOf(path);
    const mixed = objects.has(key);
    if (mixed) {
      // Sometimes an object, sometimes not: flattened, its other values have a column of their own.
      object(path);
      if (modeOf(path) !== "flatten") continue;
    }
    const { skip, ...edit } = edits.fields[key] ?? {};
    const skipped = !!skip && !mixed; // what is ignored is ignored with all that is in it
    const type = edit.type ?? ((field.type || undefined) as Type | undefined);
    const column = type && !skipped ? withFormat({ name: edit.name ?? (field.column || nameFor(path)), type, path: [...path] }, edit.format) : undefined;
    lines.push({ key: mixed ? `${key}:scalar` : key, path, kind: "field", field, skipped, column });
  }
  const byHand: (ByHand & { wrong?: string })[] = edits.byHand.map((b) => ({ ...b }));
  const columns = lines.flatMap((l) => (l.column ? [l.column] : []));
  const valid = judge(lines, byHand);
  for (const b of byHand) columns.push(withFormat({ name: b.name, type: b.type, path: b.path.split(".") }, b.format));
  return { lines, byHand, columns, ignore: lines.filter((l) => l.skipped).map((l) => [...l.path]), valid, edited: isEdited(edits) };
}

function withFormat(column: NewColumn, format: Format | undefined): NewColumn {
  return format && ((column.type === "TIMESTAMP" && format !== "scalar") || (column.type === "VARCHAR" && format === "scalar")) ? { ...column, format } : column;
}

export function isEdited(edits: Edits): boolean {
  return edits.byHand.length > 0 || Object.values(edits.objects).some((m) => m !== "flatten") || Object.values(edits.fields).some((f) => f.skip || f.name !== undefined || f.type !== undefined);
}

/** Says at each column what is wrong with its name; true if nothing is. */
function judge(lines: Line[], byHand: (ByHand & { wrong?: string })[]): boolean {
  const taken = new Map<string, number>();
  const count = (name: string) => taken.set(name.toLowerCase(), (taken.get(name.toLowerCase()) ?? 0) + 1);
  for (const l of lines) if (l.column) count(l.column.name);
  for (const b of byHand) count(b.name);
  const wrong = (name: string) => wrongName(name) ?? ((taken.get(name.toLowerCase()) ?? 0) > 1 ? "Another column has this name." : undefined);
  const paths = new Set(lines.map((l) => keyOf(l.path)));
  for (const l of lines) l.wrong = l.column && wrong(l.column.name);
  for (const b of byHand) {
    b.wrong = wrong(b.name);
    if (!b.wrong && b.path.split(".").some((part) => !part)) b.wrong = "Say which field it holds, as in user.id.";
    if (!b.wrong && paths.has(keyOf(b.path.split(".")))) b.wrong = "The field is listed above.";
  }
  return [...lines, ...byHand].every((l) => !l.wrong);
}

const system = ["_shard_id", "_sequence_number", "_partition_key", "_arrived_at", "_ingested_at"];

function wrongName(name: string): string | undefined {
  if (!name) return "A column needs a name.";
  if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)) return "Use letters, digits and underscores, and no digit first.";
  if (new TextEncoder().encode(name).length > 120) return "A name has at most 120 bytes.";
  return system.includes(name.toLowerCase()) ? "Helios itself fills a column of this name." : undefined;
}

/** The name of a field's column, as the server would make it. */
export function nameFor(path: readonly string[]): string {
  const name = path.join("_").replace(/[^\p{L}\p{N}_]/gu, "_");
  return /^\p{N}/u.test(name) || !name ? `_${name}` : name;
}

/** The edits with one field's changed; what is undefined goes back to what was inferred. */
export function editField(edits: Edits, key: Key, change: FieldEdit): Edits {
  const next = { ...edits.fields[key], ...change };
  const left = Object.fromEntries(Object.entries(next).filter(([, v]) => v !== undefined && v !== false));
  const { [key]: _, ...others } = edits.fields;
  return { ...edits, fields: Object.keys(left).length ? { ...others, [key]: left } : others };
}

/** The types a column can have, and how their values are written in events. */
export const types: readonly { value: string; type: Type; format: Format; label: string }[] = (
  [
    ["VARCHAR", "", "text"],
    ["VARCHAR", "scalar", "text, numbers too"],
    ["BIGINT", "", "whole number"],
    ["HUGEINT", "", "large whole number"],
    ["DOUBLE", "", "number"],
    ["BOOLEAN", "", "true or false"],
    ["TIMESTAMP", "", "time, as text"],
    ["TIMESTAMP", "epoch_s", "time, in seconds"],
    ["TIMESTAMP", "epoch_ms", "time, in ms"],
    ["DATE", "", "day"],
    ["UUID", "", "id"],
    ["JSON", "", "anything"],
  ] as const
).map(([type, format, label]) => ({ value: format ? `${type}:${format}` : type, type, format, label }));
