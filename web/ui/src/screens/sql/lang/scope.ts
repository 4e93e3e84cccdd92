// What a place in a statement is about, for completion: which tables are in reach there, under which names, with which columns.
import { tokens, type Token } from "./lexer";
import { unquote } from "./names";

export interface Column {
  name: string;
  type: string;
}

export interface Table {
  schema: string;
  name: string;
  columns: readonly Column[];
}

/** A table as a statement speaks of it. */
export interface Reach {
  /** The alias, else the table's own name. */
  name: string;
  columns: readonly Column[];
}

export type Place =
  /** In a text or a comment: there is nothing to complete. */
  | { kind: "none" }
  /** After $. */
  | { kind: "parameter"; from: number }
  /** After a dot: a column of what stands before it, or a table of that schema. */
  | { kind: "member"; from: number; of: string; columns: readonly Column[]; tables: readonly Table[] }
  /** After ::, where a type is named. */
  | { kind: "type"; from: number }
  /** Where a table is named. */
  | { kind: "table"; from: number; named: readonly string[] }
  /** Anywhere else. */
  | { kind: "expression"; from: number; reach: readonly Reach[] };

interface Source extends Token {
  text: string;
}

// What ends the list of tables after FROM.
const clauses = new Set("where group order having limit offset qualify window select union except intersect returning sample using on pivot unpivot".split(" "));
const joins = new Set("join inner left right full cross natural semi anti asof positional outer lateral".split(" "));
const setOperations = new Set(["union", "except", "intersect"]);

/** What may be completed at a place of the text. */
export function placeAt(text: string, at: number, tables: readonly Table[]): Place {
  const all = tokens(text);
  const inside = all.find((t) => t.from < at && (at < t.to || (t.open && at <= t.to)));
  if (inside && (inside.kind === "string" || inside.kind === "comment")) return { kind: "none" };
  const code: Source[] = all.filter((t) => t.kind !== "comment").map((t) => ({ ...t, text: text.slice(t.from, t.to) }));
  const typed = code.find((t) => t.from < at && at <= t.to && (t.kind === "word" || t.kind === "quoted" || t.kind === "param" || t.text === "$"));
  const number = code.find((t) => t.kind === "number" && t.from < at && at <= t.to);
  if (number) return { kind: "none" };
  if (typed && typed.text.startsWith("$")) return { kind: "parameter", from: typed.from };
  // A quoted name that is closed is complete.
  if (typed?.kind === "quoted" && !typed.open && at === typed.to) return { kind: "none" };
  const from = typed?.from ?? at;
  const statement = statementAround(code, from);
  const index = statement.findLastIndex((t) => t.to <= from) + 1; // of the first token at or after the place
  const before = statement[index - 1];
  // What is being written is no part of what is known.
  const known = typed ? statement.filter((t) => t.from !== typed.from) : statement;
  const levels = levelsAt(known, index);
  if (before?.text === "." && index >= 2) return member(known, index, from, levels, tables);
  if (before?.text === ":" && known[index - 2]?.text === ":") return { kind: "type", from };
  const ctes = levels.flatMap((l) => l.ctes);
  if (namesTable(known, index)) return { kind: "table", from, named: ctes.map((c) => c.name) };
  return { kind: "expression", from, reach: inReach(known, levels, tables) };
}

function statementAround(code: readonly Source[], at: number): Source[] {
  const isEnd = (t: Source) => t.kind === "punct" && t.text === ";";
  const first = code.findLastIndex((t) => isEnd(t) && t.to <= at) + 1;
  const end = code.findIndex((t, i) => i >= first && isEnd(t));
  return code.slice(first, end < 0 ? undefined : end);
}

const lower = (t: Source | undefined) => (t?.kind === "word" ? t.text.toLowerCase() : t?.kind === "punct" ? t.text : "");
const isName = (t: Source | undefined): t is Source => t?.kind === "word" || t?.kind === "quoted";

function member(statement: readonly Source[], index: number, from: number, levels: readonly Level[], tables: readonly Table[]): Place {
  const of = unquote(statement[index - 2]?.text ?? "");
  const reach = inReach(statement, levels, tables).find((r) => same(r.name, of));
  const qualified = statement[index - 3]?.text === "." ? unquote(statement[index - 4]?.text ?? "") : undefined;
  // schema.table. as well as alias.
  const table = tables.find((t) => same(t.name, of) && same(t.schema, qualified ?? "main"));
  const columns = reach && qualified === undefined ? reach.columns : (table?.columns ?? reach?.columns ?? []);
  return { kind: "member", from, of, columns, tables: tables.filter((t) => same(t.schema, of)) };
}

/** True where the name of a table is expected: after FROM and JOIN, and after a comma between tables. */
function namesTable(code: readonly Source[], index: number): boolean {
  const before = lower(code[index - 1]);
  if (before === "from" || before === "join" || before === "describe" || before === "summarize") {
    return !isFromOfFunction(code, index - 1);
  }
  if (before !== ",") return false;
  let depth = 0;
  for (let i = index - 2; i >= 0; i--) {
    const word = lower(code[i]);
    if (word === ")") depth++;
    else if (word === "(" && --depth < 0) return false;
    else if (depth === 0 && (word === "from" || word === "join")) return true;
    else if (depth === 0 && (clauses.has(word) || word === "by")) return false;
  }
  return false;
}

/** extract(hour FROM x), substring(x FROM 1), IS DISTINCT FROM y. */
function isFromOfFunction(code: readonly Source[], index: number): boolean {
  if (lower(code[index]) !== "from") return false;
  if (lower(code[index - 1]) === "distinct" && /^(is|not)$/.test(lower(code[index - 2]))) return true;
  let depth = 0;
  for (let i = index - 1; i >= 0; i--) {
    const word = lower(code[i]);
    if (word === ")") depth++;
    else if (word === "(" && --depth < 0) return /^(extract|substring|trim|overlay|position)$/.test(lower(code[i - 1]));
  }
  return false;
}

interface Cte {
  name: string;
  body: [number, number];
}

/** One level of parentheses around a place: the tokens of its own SELECT, and the names that WITH gives there. */
interface Level {
  range: [number, number];
  ctes: Cte[];
}

/** The levels around a place, the innermost first. What is inside a WITH does not see the tables outside of it. */
function levelsAt(code: readonly Source[], index: number): Level[] {
  const levels: Level[] = [];
  const opens: number[] = [];
  for (let i = 0; i < index; i++) {
    if (code[i]!.text === "(") opens.push(i);
    else if (code[i]!.text === ")") opens.pop();
  }
  let blind = false;
  for (const open of [-1, ...opens].reverse()) {
    const start = open + 1;
    const end = closing(code, open);
    const ctes = ctesIn(code, start, end);
    const range = segment(code, start, end, index);
    levels.push({ range: blind ? [start, start] : range, ctes: ctes.filter((c) => !(c.body[0] <= index && index <= c.body[1])) });
    if (open >= 0 && isBodyOfWith(code, open)) blind = true;
  }
  return levels;
}

function isBodyOfWith(code: readonly Source[], open: number): boolean {
  const before = lower(code[open - 1]);
  return before === "as" || before === "materialized";
}

/** The index of the parenthesis that closes the one at `open`, or the end. */
function closing(code: readonly Source[], open: number): number {
  if (open < 0) return code.length;
  let depth = 0;
  for (let i = open; i < code.length; i++) {
    if (code[i]!.text === "(") depth++;
    else if (code[i]!.text === ")" && --depth === 0) return i;
  }
  return code.length;
}

/** Calls back for each token of a range that is not inside parentheses; these come as one, with their end. */
function* flat(code: readonly Source[], start: number, end: number): Generator<number> {
  for (let i = start; i < end; i++) {
    yield i;
    if (code[i]!.text === "(") i = Math.min(closing(code, i), end) - 1;
  }
}

/** The part of a range between set operations that holds the place. */
function segment(code: readonly Source[], start: number, end: number, index: number): [number, number] {
  let from = start;
  for (const i of flat(code, start, end)) {
    if (!setOperations.has(lower(code[i]))) continue;
    if (i >= index) return [from, i];
    from = i + 1;
  }
  return [from, end];
}

function ctesIn(code: readonly Source[], start: number, end: number): Cte[] {
  if (lower(code[start]) !== "with") return [];
  const ctes: Cte[] = [];
  let i = lower(code[start + 1]) === "recursive" ? start + 2 : start + 1;
  while (i < end && isName(code[i])) {
    const name = unquote(code[i]!.text);
    i++;
    if (code[i]?.text === "(") i = closing(code, i) + 1;
    while (/^(as|not|materialized)$/.test(lower(code[i]))) i++;
    if (code[i]?.text !== "(") break;
    const close = closing(code, i);
    ctes.push({ name, body: [i + 1, close] });
    i = close + 1;
    if (code[i]?.text !== ",") break;
    i++;
  }
  return ctes;
}

/** The tables that can be spoken of, those of the innermost level first. */
function inReach(code: readonly Source[], levels: readonly Level[], tables: readonly Table[]): Reach[] {
  const ctes = levels.flatMap((l) => l.ctes);
  return levels.flatMap((l) => reachOf(code, l.range, ctes, tables, 0));
}

/** The tables after FROM and JOIN in a range. */
function reachOf(code: readonly Source[], [start, end]: [number, number], ctes: readonly Cte[], tables: readonly Table[], nesting: number): Reach[] {
  const found: Reach[] = [];
  let expects = false; // a table comes next
  let among = false; // we are between FROM and the next clause
  const walk = [...flat(code, start, end)];
  for (let n = 0; n < walk.length; n++) {
    const i = walk[n]!;
    const word = lower(code[i]);
    if (word === "from" || word === "join") expects = among = true;
    else if (word === "," && among) expects = true;
    else if (clauses.has(word)) among = expects = false;
    else if (expects && (isName(code[i]) || word === "(") && !joins.has(word)) {
      const item = readItem(code, i, end, ctes, tables, nesting);
      if (item.reach) found.push(item.reach);
      expects = false;
      while (n + 1 < walk.length && walk[n + 1]! < item.next) n++;
    }
  }
  return found;
}

/** One table of a FROM: its name or its query, and its alias. */
function readItem(code: readonly Source[], at: number, end: number, ctes: readonly Cte[], tables: readonly Table[], nesting: number): { reach?: Reach; next: number } {
  let i = at;
  let name = "";
  let columns: readonly Column[] = [];
  if (code[i]!.text === "(") {
    const close = closing(code, i);
    columns = outputs(code, i + 1, close, ctes, tables, nesting + 1);
    i = close + 1;
  } else {
    const path = [unquote(code[i]!.text)];
    i++;
    while (code[i]?.text === "." && isName(code[i + 1])) {
      path.push(unquote(code[i + 1]!.text));
      i += 2;
    }
    name = path.at(-1)!;
    if (code[i]?.text === "(") i = closing(code, i) + 1;
    else columns = columnsOf(code, path, ctes, tables, nesting);
  }
  if (lower(code[i]) === "as") i++;
  if (i < end && isName(code[i]) && !clauses.has(lower(code[i])) && !joins.has(lower(code[i]))) {
    name = unquote(code[i]!.text);
    i++;
    if (code[i]?.text === "(") {
      // t(a, b): columns by other names.
      const close = closing(code, i);
      columns = code.slice(i + 1, close).filter(isName).map((t, n) => ({ name: unquote(t.text), type: columns[n]?.type ?? "" }));
      i = close + 1;
    }
  }
  return { reach: name || columns.length ? { name, columns } : undefined, next: i };
}

function columnsOf(code: readonly Source[], path: readonly string[], ctes: readonly Cte[], tables: readonly Table[], nesting: number): readonly Column[] {
  const name = path.at(-1)!;
  const cte = path.length === 1 && nesting < 8 ? ctes.find((c) => same(c.name, name)) : undefined;
  if (cte) {
    // A WITH sees those before it; this also keeps one that names itself from going round.
    return outputs(code, ...cte.body, ctes.slice(0, ctes.indexOf(cte)), tables, nesting + 1);
  }
  const schema = path.at(-2) ?? "main";
  return tables.find((t) => same(t.name, name) && same(t.schema, schema))?.columns ?? [];
}

/** The columns that a query gives, as far as its text tells. */
function outputs(code: readonly Source[], start: number, end: number, outer: readonly Cte[], tables: readonly Table[], nesting: number): Column[] {
  if (nesting > 8) return [];
  const ctes = [...ctesIn(code, start, end), ...outer];
  const walk = [...flat(code, start, end)];
  const select = walk.find((i) => lower(code[i]) === "select");
  const range = segment(code, start, end, select ?? start);
  const reach = reachOf(code, range, ctes, tables, nesting);
  if (select === undefined) return reach.flatMap((r) => [...r.columns]);
  const items: number[][] = [[]];
  for (const i of walk) {
    if (i <= select) continue;
    const word = lower(code[i]);
    if (i >= range[1] || (word === "from" && !isFromOfFunction(code, i)) || (clauses.has(word) && word !== "on")) break;
    if (word === ",") items.push([]);
    else if (!(items.length === 1 && items[0]!.length === 0 && /^(distinct|all)$/.test(word))) items.at(-1)!.push(i);
  }
  return items.flatMap((item) => output(item.map((i) => code[i]!), reach));
}

/** The column or columns of one item of a SELECT. */
function output(item: readonly Source[], reach: readonly Reach[]): Column[] {
  const last = item.at(-1);
  if (!last) return [];
  if (item[0]!.text === "*") return reach.flatMap((r) => [...r.columns]);
  if (last.text === "*" && item.length === 3 && item[1]!.text === ".") {
    return [...(reach.find((r) => same(r.name, unquote(item[0]!.text)))?.columns ?? [])];
  }
  if (!isName(last) || lower(last) === "end") return [];
  const name = unquote(last.text);
  const plain = item.length === 1 || (item.length === 3 && item[1]!.text === ".");
  const type = plain ? (reach.flatMap((r) => [...r.columns]).find((c) => same(c.name, name))?.type ?? "") : "";
  // `a + b` gives no name that one could write; `a AS b`, `a b` and `t.a` do.
  const before = item.at(-2);
  const aliased = before?.text === ")" || (before !== undefined && before.kind !== "punct" && before.kind !== "param");
  return plain || aliased ? [{ name, type }] : [];
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
