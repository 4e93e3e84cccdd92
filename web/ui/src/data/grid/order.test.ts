import { describe, expect, it } from "vitest";
import type { Cell } from "../types";
import { matcher, order } from "./order";

const none = { anywhere: "", columns: new Map<number, string>() };
function sorted(type: string, values: Cell[], descending = false) {
  const rows = values.map((v) => [v]);
  return Array.from(order({ columns: [{ name: "c", type }], rows }, [{ column: 0, descending }], none), (i) => values[i]);
}

describe("sorting", () => {
  it("compares 64-bit integers by every digit", () => expect(sorted("BIGINT", ["9007199254740993", 3, "9007199254740992", "-9007199254740993", "9223372036854775807"])).toEqual(["-9007199254740993", 3, "9007199254740992", "9007199254740993", "9223372036854775807"]));
  it("compares decimals as numbers", () => expect(sorted("DECIMAL(20,2)", ["10.50", "9.75", "90071992547409.93", "90071992547409.92", "-1.10", "-1.20"])).toEqual(["-1.20", "-1.10", "9.75", "10.50", "90071992547409.92", "90071992547409.93"]));
  it("puts NaN above infinity, as the engine does", () => expect(sorted("DOUBLE", ["NaN", 1, "Infinity", "-Infinity"])).toEqual(["-Infinity", 1, "Infinity", "NaN"]));
  it("leaves NULL at the end in both directions", () => {
    expect(sorted("BIGINT", [null, 2, 1])).toEqual([1, 2, null]);
    expect(sorted("BIGINT", [null, 1, 2], true)).toEqual([2, 1, null]);
  });
  it("compares times by when they are, whatever decimals they have", () => expect(sorted("TIMESTAMP", ["infinity", "2026-01-01T00:00:01.5Z", "2026-01-01T00:00:01Z", "+12026-01-01T00:00:00Z", "-infinity"])).toEqual(["-infinity", "2026-01-01T00:00:01Z", "2026-01-01T00:00:01.5Z", "+12026-01-01T00:00:00Z", "infinity"]));
  it("compares text as SQL does, not as numbers", () => expect(sorted("VARCHAR", ["b", "10", "9", "B"])).toEqual(["10", "9", "B", "b"]));
  it("goes by the second column where the first is equal, and else keeps the order", () => {
    const rows = [["a", 1], ["b", 2], ["a", 3], ["b", 2]];
    expect(Array.from(order({ columns: [{ name: "x", type: "VARCHAR" }, { name: "y", type: "BIGINT" }], rows }, [{ column: 0, descending: false }, { column: 1, descending: true }], none))).toEqual([2, 0, 1, 3]);
  });
});

describe("filtering", () => {
  const rows = [["Espresso", 1204, "2026-01-01T10:00:00Z"], ["Lamp", null, "2026-01-01T10:00:00.5Z"], [null, 9, "2026-01-02T00:00:00Z"]];
  const columns = [{ name: "p", type: "VARCHAR" }, { name: "n", type: "BIGINT" }, { name: "t", type: "TIMESTAMP" }];
  const shown = (anywhere: string, filters: Record<number, string> = {}) => Array.from(order({ columns, rows }, [], { anywhere, columns: new Map(Object.entries(filters).map(([k, v]) => [Number(k), v])) }));
  it("finds text anywhere in a row", () => expect(shown("LAMP")).toEqual([1]));
  it("finds numbers and times as they are shown", () => {
    expect(shown("1,204")).toEqual([0]);
    expect(shown("2026-01-01 10")).toEqual([0, 1]);
  });
  it("takes what is looked for literally", () => expect(shown(".*")).toEqual([]));
  it("wants all filters to hold", () => expect(shown("2026", { 0: "e", 1: ">5" })).toEqual([0]));

  it.each([
    [">9007199254740992", "BIGINT", "9007199254740993", true],
    ["9..1,204", "BIGINT", 1204, true],
    ["9..10", "BIGINT", 11, false],
    ["!=a", "VARCHAR", "A", false],
    ["<2026-01-01 10:00:01", "TIMESTAMP", "2026-01-01T10:00:00.5Z", true],
    ["=2026-01-01 10:00:00.500", "TIMESTAMP", "2026-01-01T10:00:00.5Z", true],
    ["=2026-01-01 10:00:01.000", "TIMESTAMP", "2026-01-01T10:00:01Z", true],
    ["10:00:00.500", "TIMESTAMP", "2026-01-01T10:00:00.5Z", true],
    ["10:00:00.500", "TIMESTAMP", "2026-01-01T10:00:00.5004Z", true],
    ["10:00:00.500", "TIMESTAMP", "2026-01-01T10:00:00.501Z", false],
    ["10:00:00.000", "TIMESTAMP", "2026-01-01T10:00:00Z", true],
    ["10:00:00.000", "TIMESTAMP", "2026-01-01T10:00:00.5Z", false],
    ["null", "VARCHAR", null, true],
    ["!null", "VARCHAR", null, false],
    [">=", "VARCHAR", "a >= b", true],
    ["1..2", "VARCHAR", "x1..2", true],
  ] as const)("%s over %s: %s is %s", (filter, type, value, passes) => {
    const kind = { BIGINT: "number", VARCHAR: "text", TIMESTAMP: "time" }[type] as "number" | "text" | "time";
    expect(matcher(filter, kind)?.(value)).toBe(passes);
  });
});
