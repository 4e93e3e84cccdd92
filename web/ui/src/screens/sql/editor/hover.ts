// What a name in a statement is, on hover: a column and its type, a table and its columns, a function and how it is called.
import { hoverTooltip } from "@codemirror/view";
import type { Dialect } from "../queries";
import { functionInfo, list } from "../lang/completion";
import { tokens } from "../lang/lexer";
import { unquote } from "../lang/names";
import { placeAt, type Table } from "../lang/scope";

export function hover(dialect: Dialect, tables: () => readonly Table[]) {
  const functions = new Map(dialect.functions.map((f) => [f.name.toLowerCase(), f]));
  return hoverTooltip((view, at) => {
    const text = view.state.doc.toString();
    const all = tokens(text);
    const index = all.findIndex((t) => t.from <= at && at <= t.to && (t.kind === "word" || t.kind === "quoted"));
    const token = all[index];
    const next = all[index + 1];
    if (!token) return null;
    const name = unquote(text.slice(token.from, token.to)).toLowerCase();
    const about = next && text[next.from] === "(" ? functions.get(name) : undefined;
    const dom = about ? functionInfo(about) : describe(text, token.from, name, tables());
    return dom && { pos: token.from, end: token.to, above: true, create: () => ({ dom }) };
  });
}

function describe(text: string, from: number, name: string, tables: readonly Table[]): HTMLElement | null {
  // The place where the name begins tells what may stand there.
  const place = placeAt(text, from, tables);
  const table = place.kind === "table" || place.kind === "member" ? tables.find((t) => t.name.toLowerCase() === name && (place.kind === "table" ? t.schema === "main" : t.schema === place.of)) : undefined;
  if (table) return list(table.columns.slice(0, 24).map((c) => [c.name, c.type]), table.columns.length - 24);
  const reach = place.kind === "member" ? [{ name: place.of, columns: place.columns }] : place.kind === "expression" ? place.reach : [];
  const found = reach.flatMap((r) => r.columns.filter((c) => c.name.toLowerCase() === name).map((c) => [r.name ? `${r.name}.${c.name}` : c.name, c.type] as const));
  return found.length > 0 ? list(found, 0) : null;
}
