// Completion: what the engine knows, and what the statement at hand speaks of.
import { pickedCompletion, type Completion, type CompletionContext, type CompletionResult, type CompletionSource } from "@codemirror/autocomplete";
import type { EditorView } from "@codemirror/view";
import { sqlName } from "@/lib/sql";
import type { Dialect } from "../queries";
import { tableName } from "./names";
import { parameters } from "./params";
import { placeAt, type Column, type Reach, type Table } from "./scope";

type Fn = Dialect["functions"][number];

// What statements are mostly made of comes before what merely begins with the same letters.
const common = new Set("SELECT FROM WHERE GROUP ORDER LIMIT HAVING WITH JOIN LEFT ON USING AS AND OR NOT IN IS NULL LIKE ILIKE BETWEEN CASE WHEN THEN ELSE END DISTINCT FILTER OVER PARTITION INTERVAL UNION QUALIFY DESC ASC CAST EXISTS".split(" "));
const phrases = ["GROUP BY", "GROUP BY ALL", "ORDER BY", "PARTITION BY", "LEFT JOIN", "UNION ALL", "IS NULL", "IS NOT NULL", "NOT IN", "COUNT(DISTINCT "];
const favourites = new Set("count sum avg min max median quantile_cont approx_count_distinct date_trunc time_bucket now coalesce round lower upper strftime any_value arg_max arg_min list string_agg row_number lag lead json_extract_string".split(" "));

/** Completes at the cursor. The tables are asked for anew each time: they change while the editor is open. */
export function completionSource(dialect: Dialect, tables: () => readonly Table[]): CompletionSource {
  const keywords = keywordOptions(dialect);
  const functions = dialect.functions.filter((f) => f.kind !== "table").map(functionOption);
  const tableFunctions = dialect.functions.filter((f) => f.kind === "table").map(functionOption);
  const types = dialect.types.map((t): Completion => ({ label: t, type: "type", detail: "type", boost: -5 }));

  return (context: CompletionContext): CompletionResult | null => {
    const text = context.state.doc.toString();
    const known = tables();
    const place = placeAt(text, context.pos, known);
    switch (place.kind) {
      case "none":
        return null;
      case "parameter": {
        const names = [...new Set(["from", "to", ...parameters(text.slice(0, place.from) + " " + text.slice(context.pos))])];
        const options = names.filter((n) => !/^\d/.test(n)).map((n): Completion => ({ label: `$${n}`, type: "variable", detail: n === "from" || n === "to" ? "time range" : "parameter" }));
        return { from: place.from, options, validFor: /^\$\w*$/ };
      }
      case "type":
        return result(context, place.from, types);
      case "member":
        return result(context, place.from, [...place.columns.map((c, i) => columnOption(c, i)), ...place.tables.map((t) => tableOption(t, sqlName(t.name)))]);
      case "table":
        return result(context, place.from, [
          ...place.named.map((n): Completion => ({ label: sqlName(n), type: "class", detail: "WITH", boost: 30 })),
          ...known.map((t) => tableOption(t, tableName(t.schema, t.name))),
          ...tableFunctions,
        ]);
      default: {
        // With nothing typed, the list is shown only to those who ask for it.
        if (!context.explicit && place.from === context.pos) return null;
        return result(context, place.from, [...reachOptions(place.reach, known), ...functions, ...keywords, ...types]);
      }
    }
  };
}

function result(context: CompletionContext, from: number, options: Completion[]): CompletionResult {
  // A name that was begun with a quote is replaced with its quotes, the closing one that the editor set included.
  if (context.state.sliceDoc(from, from + 1) !== '"') return { from, options, validFor: /^[\p{L}\p{M}\p{N}_$]*$/u };
  const quoted = options.filter((o) => o.type === "property" || o.type === "class").map((o) => (o.label.startsWith('"') ? o : { ...o, label: `"${o.label}"`, apply: undefined }));
  const closed = context.state.sliceDoc(context.pos, context.pos + 1) === '"';
  return { from, to: closed ? context.pos + 1 : undefined, options: quoted, validFor: /^"[^"]*$/ };
}

function columnOption(c: Column, index: number, of = "", name = sqlName(c.name)): Completion {
  // In the order of the table, which says more than the alphabet; system columns last.
  return { label: name, type: "property", detail: [c.type, of].filter(Boolean).join(" · ") || undefined, boost: (c.name.startsWith("_") ? 15 : 40) - index / 1000 };
}

/** The columns that can be named, with the table in front where two have the same; and the tables' names. */
function reachOptions(reach: readonly Reach[], tables: readonly Table[]): Completion[] {
  if (reach.length === 0) {
    // No table is named yet: any column may be meant.
    const seen = new Set<string>();
    return tables
      .filter((t) => t.schema === "main")
      .flatMap((t) => t.columns.map((c, i) => ({ ...columnOption(c, i, t.name), boost: 5 - i / 1000 })))
      .filter((o) => !seen.has(o.label) && seen.add(o.label));
  }
  const count = new Map<string, number>();
  for (const r of reach) for (const c of r.columns) count.set(c.name.toLowerCase(), (count.get(c.name.toLowerCase()) ?? 0) + 1);
  return [
    ...reach.flatMap((r) => r.columns.map((c, i) => columnOption(c, i, reach.length > 1 ? r.name : "", (count.get(c.name.toLowerCase()) ?? 0) > 1 && r.name ? `${sqlName(r.name)}.${sqlName(c.name)}` : undefined))),
    ...reach.filter((r) => r.name).map((r): Completion => ({ label: sqlName(r.name), type: "class", detail: "table", boost: 12 })),
  ];
}

function tableOption(t: Table, label: string): Completion {
  return {
    label,
    type: "class",
    detail: `${t.columns.length} columns`,
    info: () => list(t.columns.slice(0, 14).map((c) => [c.name, c.type]), t.columns.length - 14),
    boost: t.schema === "main" ? 25 : t.schema === "quarantine" ? 20 : 10,
  };
}

function keywordOptions(dialect: Dialect): Completion[] {
  const words = dialect.keywords.map((w) => w.toUpperCase());
  const known = new Set(words);
  return [
    ...words.map((w): Completion => ({ label: w, type: "keyword", boost: common.has(w) ? 8 : -10 })),
    ...phrases.filter((p) => known.has(p.split(/[ (]/)[0]!) || p.includes("(")).map((p): Completion => ({ label: p, type: "keyword", boost: 7 })),
  ];
}

function functionOption(f: Fn): Completion {
  const signature = f.signatures[0] ?? "";
  return {
    label: f.name,
    type: "function",
    detail: signature.startsWith(f.name) ? signature.slice(f.name.length) : signature,
    info: () => functionInfo(f),
    boost: favourites.has(f.name) ? 4 : 0,
    apply: (view, completion, from, to) => call(view, completion, from, to, f),
  };
}

/** Writes a call, with the cursor where its arguments go; behind it if it takes none. */
function call(view: EditorView, completion: Completion, from: number, to: number, f: Fn) {
  const followed = view.state.sliceDoc(to, to + 1) === "(";
  const bare = f.signatures.length > 0 && f.signatures.every((s) => s.includes("()"));
  const insert = followed ? f.name : `${f.name}()`;
  view.dispatch({
    changes: { from, to, insert },
    selection: { anchor: from + insert.length - (followed || bare ? 0 : 1) },
    annotations: pickedCompletion.of(completion),
    userEvent: "input.complete",
  });
}

/** What is shown about a function: how it is called, what it does, and an example. */
export function functionInfo(f: Fn): HTMLElement {
  const box = element("div", "cm-about");
  for (const s of f.signatures.slice(0, 6)) box.append(element("code", "cm-about-signature", s));
  if (f.signatures.length > 6) box.append(element("p", "", `and ${f.signatures.length - 6} more`));
  if (f.description) box.append(element("p", "", f.description));
  if (f.example) box.append(element("code", "cm-about-example", f.example));
  return box;
}

/** What is shown about a table: its columns. */
export function list(rows: readonly (readonly [string, string])[], more: number): HTMLElement {
  const box = element("div", "cm-about cm-about-columns");
  for (const [name, type] of rows) {
    const row = element("div", "");
    row.append(element("span", "", name), element("span", "cm-about-type", type));
    box.append(row);
  }
  if (more > 0) box.append(element("p", "", `and ${more} more`));
  return box;
}

function element(tag: string, className: string, text = ""): HTMLElement {
  const e = document.createElement(tag);
  e.className = className;
  e.textContent = text;
  return e;
}
