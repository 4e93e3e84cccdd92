import { expect, test } from "vitest";
import type { HistoryPoint } from "../queries";
import { drawn, figures, scaleOf, summary, type Drawn } from "./series";

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

test("a scale of times has round marks, and a spike does not rule it", () => {
  const line = (...values: number[]): Drawn[] => values.map((v, i) => [i, v]);
  expect(scaleOf([line(0, 90_000, 200_000)], { time: true })).toEqual({ max: 240_000, interval: 60_000, cut: false });
  expect(scaleOf([line(180, 230, 250)], { time: true, step: 1 })).toEqual({ max: 300, interval: 100, cut: false });
  expect(scaleOf([line(50, 50, 50, 50, 50, 50, 50, 50, 50, 4000), line()], {})).toEqual({ max: 100, interval: 50, cut: true });
  expect(scaleOf([line(50, 60), line(1, 1, 1, 1, 1, 1, 1, 1, 1, 9)], {})).toEqual({ cut: false });
  expect(scaleOf([line(0, 0)], { time: true })).toEqual({ cut: false });
});
