import { describe, expect, it } from "vitest";
import { chooseChart, fitChart } from "./choose";
import { shape, slices } from "./shape";

const result = (columns: Record<string, string>, rows: (string | number | null)[][]) => ({ columns: Object.entries(columns).map(([name, type]) => ({ name, type })), rows });
const minutes = ["2026-11-23T08:00:00Z", "2026-11-23T08:01:00Z", "2026-11-23T08:02:00Z"];

describe("the chart of a result that nobody has said anything about", () => {
  const cases: [string, ReturnType<typeof result>, object][] = [
    ["a time and numbers are a line", result({ minute: "TIMESTAMP", n: "BIGINT", avg: "DOUBLE" }, minutes.map((m) => [m, 1, 2])), { kind: "line", x: "minute", y: ["n", "avg"] }],
    ["a time that comes once for each category is a line for each", result({ m: "TIMESTAMP", device: "VARCHAR", n: "BIGINT" }, minutes.flatMap((m) => [[m, "a", 1], [m, "b", 2]])), { kind: "line", x: "m", y: ["n"], series: "device" }],
    ["categories and a number are bars", result({ product: "VARCHAR", n: "HUGEINT" }, [["a", "1"], ["b", "2"]]), { kind: "bar", x: "product", y: ["n"] }],
    ["a number that names something is a category", result({ product_id: "BIGINT", n: "BIGINT" }, [[17, 1], [4, 2]]), { kind: "bar", x: "product_id", y: ["n"] }],
    ["two categories are stacked bars", result({ country: "VARCHAR", device: "VARCHAR", n: "BIGINT" }, [["DE", "a", 1], ["DE", "b", 2], ["FR", "a", 3]]), { kind: "bar", x: "country", y: ["n"], series: "device", stacked: true }],
    ["one row of one number is a number", result({ n: "BIGINT" }, [[5]]), { kind: "number", y: ["n"] }],
    ["a number that goes up is what others are drawn over", result({ hour: "INTEGER", n: "BIGINT" }, [[0, 5], [1, 3], [5, 4]]), { kind: "line", x: "hour", y: ["n"] }],
    ["two numbers in no order are points", result({ price: "DOUBLE", load: "DOUBLE" }, [[3, 5], [1, 3], [5, 4]]), { kind: "scatter", x: "price", y: ["load"] }],
    ["texts alone are a table", result({ a: "VARCHAR", b: "VARCHAR" }, [["x", "y"], ["z", "w"]]), { kind: "table" }],
    ["whole events are a table", result(Object.fromEntries([..."abcdefghi"].map((c) => [c, "BIGINT"])), [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4, 5, 6, 7, 8, 9]]), { kind: "table" }],
    ["nothing is a table", result({ m: "TIMESTAMP", n: "BIGINT" }, []), { kind: "table" }],
  ];
  it.each(cases)("%s", (_, shown, chart) => expect(chooseChart(shown)).toMatchObject(chart));
});

describe("a chart whose columns have gone", () => {
  const shown = result({ minute: "TIMESTAMP", orders: "BIGINT" }, minutes.map((m) => [m, 1]));
  it("keeps what is still there", () => expect(fitChart({ kind: "bar", x: "minute", y: ["gone", "orders"], series: "gone" }, shown)).toMatchObject({ kind: "bar", x: "minute", y: ["orders"], series: undefined }));
  it("keeps its kind over other columns", () => expect(fitChart({ kind: "area", x: "gone", y: ["gone"] }, shown)).toMatchObject({ kind: "area", x: "minute", y: ["orders"] }));
});

describe("the series of a chart", () => {
  it("are given the same places when they are stacked", () => {
    const drawn = shape(result({ m: "TIMESTAMP", d: "VARCHAR", n: "BIGINT" }, [[minutes[1]!, "a", 1], [minutes[0]!, "b", 2]]), { kind: "area", x: "m", y: ["n"], series: "d", stacked: true });
    expect(drawn.series.map((s) => s.points.map((p) => p.y))).toEqual([[0, 1], [2, 0]]);
  });
  it("stand in the order of their names, so that each keeps its colour when rows come in another order", () => {
    const drawn = shape(result({ m: "TIMESTAMP", d: "VARCHAR", n: "BIGINT" }, [[minutes[0]!, "s10", 1], [minutes[0]!, "s9", 2]]), { kind: "line", x: "m", y: ["n"], series: "d" });
    expect(drawn.series.map((s) => s.name)).toEqual(["s9", "s10"]);
  });
  it("keep the digits that a double cannot hold", () => {
    const drawn = shape(result({ c: "VARCHAR", n: "BIGINT" }, [["a", "9007199254740993"]]), { kind: "bar", x: "c", y: ["n"] });
    expect(drawn.series[0]?.points[0]?.exact).toBe("9007199254740993");
  });
  it("add up what comes several times, and say so", () => {
    const drawn = shape(result({ c: "VARCHAR", n: "BIGINT" }, [["a", 1], ["b", 5], ["a", 2], [null, 4]]), { kind: "bar", x: "c", y: ["n"] });
    expect(drawn.categories).toEqual(["a", "b", "NULL"]);
    expect(drawn.series[0]?.points.map((p) => p.y)).toEqual([3, 5, 4]);
    expect(drawn.notes).toHaveLength(1);
  });
  it("are the largest ones when they are many, and say so", () => {
    const rows = Array.from({ length: 30 }, (_, i) => [minutes[0]!, `s${i}`, i]);
    const drawn = shape(result({ m: "TIMESTAMP", d: "VARCHAR", n: "BIGINT" }, rows), { kind: "line", x: "m", y: ["n"], series: "d" });
    expect(drawn.series.map((s) => s.name)).toEqual(rows.slice(18).map((r) => r[1]));
    expect(drawn.notes).toHaveLength(1);
  });
  it("leave the small slices of a pie together", () => {
    const drawn = shape(result({ c: "VARCHAR", n: "BIGINT" }, Array.from({ length: 20 }, (_, i) => [`c${i}`, 20 - i])), { kind: "pie", x: "c", y: ["n"] });
    const { slices: all, total } = slices(drawn);
    expect([all.length, all.at(-1)?.name, all.reduce((n, s) => n + s.value, 0)]).toEqual([8, "13 others", total]);
  });
});
