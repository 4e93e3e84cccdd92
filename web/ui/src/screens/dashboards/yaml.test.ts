import { describe, expect, it } from "vitest";
import { toYAML } from "./yaml";

describe("YAML of an export", () => {
  it("reads as a person would have written it", () => {
    const json = JSON.stringify({
      queries: [{ id: "top", name: "Top: products", sql: "SELECT 1\nFROM t\n", params: { n: 5 }, chart: { kind: "bar", x: "p", y: ["n"] } }],
      dashboards: [{ id: "shop", title: "Shop (%)", panels: [{ id: "a", title: "A", query: "top", layout: { x: 0, y: 0, w: 6, h: 7 } }] }],
    });
    expect(toYAML(json)).toBe(`queries:
  - id: top
    name: "Top: products"
    sql: |
      SELECT 1
      FROM t
    params: {n: 5}
    chart: {kind: bar, x: p, y: [n]}
dashboards:
  - id: shop
    title: Shop (%)
    panels:
      - id: a
        title: A
        query: top
        layout: {x: 0, y: 0, w: 6, h: 7}
`);
  });
  it("keeps numbers as they were written", () => expect(toYAML('{"params":{"n":9007199254740993,"d":1.10}}')).toBe("params: {n: 9007199254740993, d: 1.10}\n"));
  it("quotes what YAML would read as something else", () => expect(toYAML(JSON.stringify({ a: ["yes", "null", "12", "- x", "#c", "a: b", "", " s", "é", "x, y", "0x1f", "1e3"] }))).toBe('a:\n  - "yes"\n  - "null"\n  - "12"\n  - "- x"\n  - "#c"\n  - "a: b"\n  - ""\n  - " s"\n  - "é"\n  - "x, y"\n  - "0x1f"\n  - "1e3"\n'));
  it.each(["  indented\nx", "trailing \nx", "tab\t\nx", "cr\r\nx", "\nfirst", "nul\u0000\nx"])("does not write %j as a block that would change it", (sql) => expect(toYAML(JSON.stringify({ sql }))).toBe(`sql: ${JSON.stringify(sql)}\n`));
  it("says how many line breaks a text ends with", () => expect(toYAML(JSON.stringify({ a: "x\ny", b: "x\n\n", c: "x\n" }))).toBe("a: |-\n  x\n  y\nb: |+\n  x\n\nc: |\n  x\n"));
  it("writes nothing where there is nothing", () => expect(toYAML('{"queries":[],"dashboards":[]}')).toBe("queries: []\ndashboards: []\n"));
});
