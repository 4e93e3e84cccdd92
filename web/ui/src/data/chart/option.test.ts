import { expect, test } from "vitest";
import { toOption } from "./option";
import { shape } from "./shape";

const palette = { series: ["red"], ink: "", muted: "", line: "", surface: "", edge: "", font: "" };
const axis = (...times: string[]) => {
  const chart = { kind: "line", x: "t", y: ["n"] } as const;
  const drawn = shape({ columns: [{ name: "t", type: "TIMESTAMP" }, { name: "n", type: "BIGINT" }], rows: times.map((t) => [t, 1]) }, { ...chart, y: [...chart.y] });
  const { min, max } = toOption(drawn, { ...chart, y: [...chart.y] }, palette, { width: 800, height: 300 }).xAxis as { min?: number; max?: number };
  return min === undefined || max === undefined ? null : (max - min) / 1000;
};

test.each([
  ["a second", "2026-11-23T10:00:07Z", 2],
  ["a minute", "2026-11-23T10:05:00Z", 120],
  ["a day", "2026-11-23T00:00:00Z", 2 * 86_400],
])("%s alone has as much around it as it is exact to", (_, time, seconds) => expect(axis(time)).toBe(seconds));

test("several times have the axis that fits them", () => expect(axis("2026-11-23T10:00:00Z", "2026-11-23T10:01:00Z")).toBeNull());
