import { expect, test } from "vitest";
import { cellText, fractionDigits, gridColumn } from "./cell";

const written = (type: string, ...values: string[]) => {
  const digits = fractionDigits("time", values.map((v) => [v]), 0);
  return values.map((v) => cellText(v, gridColumn({ name: "t", type }, 0, "time", digits)));
};

test("the times of a column end at the same digit", () => {
  expect(written("TIMESTAMP", "2026-11-23T08:48:57.87Z", "2026-11-23T08:48:57.749Z", "2026-11-23T08:48:58Z")).toEqual(["2026-11-23 08:48:57.870", "2026-11-23 08:48:57.749", "2026-11-23 08:48:58.000"]);
  expect(written("TIME", "08:48:57.0001", "08:48:57")).toEqual(["08:48:57.000100", "08:48:57.000000"]);
});

test("what has no digits after the second gets none", () => {
  expect(written("TIMESTAMP", "2026-11-23T08:48:57Z", "infinity")).toEqual(["2026-11-23 08:48:57", "infinity"]);
  expect(written("DATE", "2026-11-23")).toEqual(["2026-11-23"]);
});
