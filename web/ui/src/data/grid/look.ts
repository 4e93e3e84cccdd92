// How a person looks at the rows of a result: in which order, and which of them. Columns are meant by name, so that it can be
// remembered, shared, and used on the next result.
import type { Result } from "../result";

export interface Look {
  sort?: { column: string; descending?: boolean }[];
  /** Text that must be somewhere in a row. */
  find?: string;
  /** What single columns must hold, by their names. */
  filters?: Record<string, string>;
}

/** The same by the columns' numbers, as the table keeps it. */
export interface Looked {
  sorting: { id: string; desc: boolean }[];
  columnFilters: { id: string; value: unknown }[];
  globalFilter: string;
}

/** A look at these columns; what it says of others is left out. */
export function toLooked(look: Look | undefined, columns: Result["columns"]): Looked {
  const at = (name: string) => columns.findIndex((c) => c.name === name);
  return {
    sorting: (look?.sort ?? []).flatMap((s) => (at(s.column) < 0 ? [] : [{ id: String(at(s.column)), desc: s.descending === true }])),
    columnFilters: Object.entries(look?.filters ?? {}).flatMap(([name, value]) => (at(name) < 0 ? [] : [{ id: String(at(name)), value }])),
    globalFilter: look?.find ?? "",
  };
}

/** What is to be remembered of it, or undefined when there is nothing. */
export function toLook({ sorting, columnFilters, globalFilter }: Looked, columns: Result["columns"]): Look | undefined {
  const name = (id: string) => columns[Number(id)]?.name ?? "";
  const look: Look = {
    ...(sorting.length > 0 && { sort: sorting.map((s) => ({ column: name(s.id), ...(s.desc && { descending: true }) })) }),
    ...(globalFilter && { find: globalFilter }),
    ...(columnFilters.length > 0 && { filters: Object.fromEntries(columnFilters.map((f) => [name(f.id), String(f.value)])) }),
  };
  return Object.keys(look).length > 0 ? look : undefined;
}

/** A look as it was remembered, or came with an address: what is wrong with it is left out. */
export function readLook(raw: unknown): Look | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const { sort, find, filters } = raw as Record<string, unknown>;
  const sorts = (Array.isArray(sort) ? sort : []).flatMap((s: unknown) => {
    const { column, descending } = (typeof s === "object" && s !== null ? s : {}) as Record<string, unknown>;
    return typeof column === "string" ? [{ column, ...(descending === true && { descending: true }) }] : [];
  });
  const texts = Object.entries(typeof filters === "object" && filters !== null && !Array.isArray(filters) ? filters : {}).filter((e): e is [string, string] => typeof e[1] === "string" && e[1] !== "");
  const look: Look = { ...(sorts.length > 0 && { sort: sorts }), ...(typeof find === "string" && find && { find }), ...(texts.length > 0 && { filters: Object.fromEntries(texts) }) };
  return Object.keys(look).length > 0 ? look : undefined;
}
