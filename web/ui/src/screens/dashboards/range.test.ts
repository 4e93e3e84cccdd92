import { describe, expect, it } from "vitest";
import { bounds, rangeOf, span } from "./range";
import { dashboardSearch } from "./search";

describe("a length of time", () => {
  it.each([["15m", 900_000], ["1h30m", 5_400_000], ["7d", 604_800_000], ["", null], ["0s", null], ["5", null], ["-1h", null], ["9999999999999d", null]])("%s", (text, ms) => expect(span(text)).toBe(ms));
});

describe("the range in force", () => {
  const fixed = { from: "2026-11-23T08:00:00Z", to: "2026-11-23T09:00:00Z" };
  it("is what the address says before the dashboard's own", () => expect(rangeOf({ range: "6h" }, "15m")).toEqual({ last: "6h" }));
  it("may be from a moment to another", () => expect(rangeOf({ ...fixed, range: "6h" }, "15m")).toEqual({ from: "2026-11-23T08:00:00.000Z", to: "2026-11-23T09:00:00.000Z" }));
  it.each([{ from: fixed.to, to: fixed.from }, { from: "yesterday", to: "now" }, { from: fixed.from }, { range: "soon" }])("passes over what makes no sense: %j", (search) => expect(rangeOf(search, "15m")).toEqual({ last: "15m" }));
  it("is an hour where nobody says anything", () => expect(rangeOf({}, "")).toEqual({ last: "1h" }));
  it("moves on with the time", () => expect(bounds({ last: "15m" }, Date.parse(fixed.to))).toEqual({ from: "2026-11-23T08:45:00.000Z", to: "2026-11-23T09:00:00.000Z" }));
});

describe("the address of a dashboard", () => {
  it("holds nothing that it should not", () => expect(dashboardSearch({ refresh: "5", full: "yes", panel: 7, from: {}, range: "1h" })).toEqual({ refresh: 5, full: undefined, panel: "7", from: undefined, to: undefined, range: "1h" }));
});
