import { expect, test } from "vitest";
import { placeAt, type Table } from "./scope";

const tables: Table[] = [
  { schema: "main", name: "storefront", columns: [{ name: "event_type", type: "VARCHAR" }, { name: "total", type: "DOUBLE" }] },
  { schema: "main", name: "clicks", columns: [{ name: "url", type: "VARCHAR" }] },
  { schema: "quarantine", name: "storefront", columns: [{ name: "reason", type: "VARCHAR" }] },
];

/** What may be completed at the | of a text, in short. */
function at(marked: string): string {
  const place = placeAt(marked.replace("|", ""), marked.indexOf("|"), tables);
  switch (place.kind) {
    case "member":
      return `${place.of}. ${[...place.columns.map((c) => c.name), ...place.tables.map((t) => t.name)].join(" ")}`;
    case "table":
      return ["table", ...place.named].join(" ");
    case "expression":
      return place.reach.map((r) => `${r.name}(${r.columns.map((c) => `${c.name}${c.type && ":" + c.type}`).join(" ")})`).join(" ");
    default:
      return place.kind;
  }
}

const storefront = "storefront(event_type:VARCHAR total:DOUBLE)";

test.each([
  ["in a text", "SELECT 'a|", "none"],
  ["in a comment at the end", "SELECT 1 -- a|", "none"],
  ["after a comment", "SELECT 1 -- a\n|", ""],
  ["in a number", "SELECT 12|", "none"],
  ["after $", "SELECT $|", "parameter"],
  ["in a parameter", "SELECT $fr|", "parameter"],
  ["after FROM", "SELECT * FROM |", "table"],
  ["in a table's name", "SELECT * FROM sto|", "table"],
  ["after a comma between tables", "SELECT * FROM storefront s, | WHERE 1", "table"],
  ["after a comma in SELECT", "SELECT a, | FROM storefront", storefront],
  ["after a comma in GROUP BY", "SELECT a FROM storefront GROUP BY a, |", storefront],
  ["after a comma in a call in FROM", "SELECT * FROM range(1, |)", "range()"],
  ["after JOIN", "SELECT * FROM storefront LEFT JOIN |", "table"],
  ["in extract", "SELECT extract(hour FROM |) FROM storefront", storefront],
  ["after IS DISTINCT FROM", "SELECT * FROM storefront WHERE total IS DISTINCT FROM |", storefront],
  ["after ::", "SELECT total::VAR| FROM storefront", "type"],
  ["before FROM is written", "SELECT | ", ""],
  ["with FROM after it", "SELECT ev| FROM storefront", storefront],
  ["with an alias", "SELECT | FROM storefront AS s JOIN clicks c ON true", "s(event_type:VARCHAR total:DOUBLE) c(url:VARCHAR)"],
  ["of another schema", "SELECT | FROM quarantine.storefront", "storefront(reason:VARCHAR)"],
  ["in quotes", 'SELECT | FROM "storefront" "S x"', "S x(event_type:VARCHAR total:DOUBLE)"],
  ["after the name of a table", "SELECT * FROM storefront |", storefront],
  ["in another statement", "SELECT * FROM clicks; SELECT |; SELECT * FROM clicks", ""],
  ["in one half of UNION", "SELECT * FROM clicks UNION ALL SELECT | FROM storefront", storefront],
  ["with FROM first", "FROM storefront SELECT |", storefront],
  ["in a subquery that sees what is outside", "SELECT * FROM storefront s WHERE EXISTS (SELECT 1 FROM clicks WHERE |)", "clicks(url:VARCHAR) s(event_type:VARCHAR total:DOUBLE)"],
  ["of a subquery", "SELECT | FROM (SELECT total, count(*) AS n, upper(event_type) t FROM storefront) x", "x(total:DOUBLE n t)"],
  ["of a subquery's star", "SELECT | FROM (SELECT s.*, 1 + 2 FROM storefront s) x", "x(event_type:VARCHAR total:DOUBLE)"],
  ["of WITH", "WITH a AS (SELECT total AS t FROM storefront), b AS (SELECT * FROM a) SELECT | FROM b", "b(t)"],
  ["inside WITH", "WITH a AS (SELECT | FROM clicks) SELECT * FROM storefront", "clicks(url:VARCHAR)"],
  ["naming what WITH gives", "WITH a AS (SELECT 1 AS x) SELECT * FROM |", "table a"],
  ["of a WITH that names itself", "WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a) SELECT | FROM a", "a(n)"],
  ["of columns by other names", "SELECT | FROM storefront AS s(a, b)", "s(a:VARCHAR b:DOUBLE)"],
  ["while a call is open", "SELECT count(| FROM storefront", storefront],
  ["of an alias", "SELECT s.| FROM storefront s", "s. event_type total"],
  ["of an alias, half written", "SELECT s.ev| FROM storefront s", "s. event_type total"],
  ["of a table without FROM", "SELECT storefront.|", "storefront. event_type total"],
  ["of a schema", "SELECT * FROM quarantine.|", "quarantine. storefront"],
  ["of a table in a schema", "SELECT quarantine.storefront.| FROM quarantine.storefront", "storefront. reason"],
  ["of something unknown", "SELECT nothing.| FROM storefront", "nothing. "],
])("%s: %s", (_, marked, expected) => expect(at(marked)).toBe(expected));
