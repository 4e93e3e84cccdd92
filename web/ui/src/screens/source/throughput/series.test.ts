import { expect, test } from "vitest";
import type { HistoryPoint } from "../queries";
import { drawn, figures, summary } from "./series";

const point = (second: number, more: Partial<HistoryPoint> = {}): HistoryPoint => ({ at: new Date(second * 1000).toISOString(), events_per_second: second, bytes_per_second: 0, quarantined: 0, ...more });
const freshness = figures.find((f) => f.key === "freshness")?.lines[0];

test("a line breaks off where steps are missing", () => {
  const line = figures[0]?.lines[0];
  expect(line && drawn([point(10), point(20), point(50)], line, 10)).toEqual([[10_000, 10], [20_000, 20], [30_000, null], [50_000, 50]]);
});

test("what was not known is no zero", () => {
  expect(freshness && drawn([point(10), point(20, { freshness_ms: 0 })], freshness, 10)).toEqual([[10_000, null], [20_000, 0]]);
});

test("a summary tells the newest, the median and the largest, and nothing of nothing", () => {
  expect(summary([[1, 5], [2, 100], [3, 7], [4, null]], String)).toEqual({ newest: "7", text: "median 7, at most 100" });
  expect(summary([[1, null]], String)).toBeNull();
});
