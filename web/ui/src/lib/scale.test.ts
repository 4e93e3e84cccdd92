import { expect, test } from "vitest";
import { topOf } from "./scale";

const steady = Array.from({ length: 85 }, (_, i) => 50 + (i % 5));

test("a few values far above all others are cut off", () => {
  expect(topOf([...steady, 4000, 3000, 2000])).toBe(108);
});

test("all is shown of what is steady, comes in bursts or hardly at all", () => {
  expect(topOf(steady)).toBe(54);
  expect(topOf([...steady, ...steady.map(() => 4000)])).toBe(4000);
  expect(topOf([0, 0, 0, 0, 0, 0, 0, 0, 9])).toBe(9);
  expect(topOf([])).toBe(0);
});
