import { expect, test } from "vitest";
import { advised, costOf } from "./cost";

const widen = (type: string) => ({ kind: "widen" as const, column: "price", path: ["price"], type, title: "", explanation: "" });
const ignore = { kind: "ignore" as const, column: "price", path: ["price"], title: "", explanation: "" };

test("what queries lose is told", () => {
  expect(costOf(widen("VARCHAR"), "DOUBLE")).toMatch(/sum\(\) and avg\(\) of price .* cannot be undone/);
  expect(costOf(widen("JSON"), "TIMESTAMP")).toMatch(/date_trunc\(\) of price/);
  expect(costOf(widen("JSON"), "VARCHAR")).toMatch(/quotes/);
  expect(costOf(ignore, "DOUBLE")).toMatch(/lost for good, and queries find NULL in price/);
});

test("what costs nothing is not warned of", () => {
  expect(costOf(widen("DOUBLE"), "BIGINT")).toBeUndefined();
  expect(costOf(widen("TIMESTAMP"), "DATE")).toBeUndefined();
  expect(costOf(widen("VARCHAR"), "VARCHAR")).toBeUndefined(); // it takes numbers too
  expect(costOf({ ...widen("VARCHAR"), kind: "add" }, undefined)).toBeUndefined();
});

test("a mend that costs something is advised where many events need it, and none to lose values", () => {
  const cost = costOf(widen("VARCHAR"), "DOUBLE");
  expect(advised(widen("VARCHAR"), cost, 20, 40_000)).toBe(false);
  expect(advised(widen("VARCHAR"), cost, 60, 160)).toBe(true);
  expect(advised(widen("VARCHAR"), cost, 60, undefined)).toBe(false);
  expect(advised(widen("DOUBLE"), undefined, 1, 40_000)).toBe(true);
  expect(advised(ignore, costOf(ignore, undefined), 100, 100)).toBe(false);
});
