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

test("the names of a pie stand beside it, whole, where there is room for both", () => {
  const chart = { kind: "pie" as const, x: "c", y: ["n"] };
  const drawn = shape({ columns: [{ name: "c", type: "VARCHAR" }, { name: "n", type: "BIGINT" }], rows: ["DE", "US", "GB", "FR", "NL", "AT", "CH", "ES", "IT", "PL"].map((c, i) => [c, 20 - i]) }, chart);
  const placed = (width: number, height: number) => {
    const { legend, series } = toOption(drawn, chart, palette, { width, height }) as { legend: { orient?: string; left: number }; series: [{ center: [number]; radius: [number, number] }] };
    return { legend, center: series[0].center[0], radius: series[0].radius[1] };
  };
  const { legend, center, radius } = placed(360, 300);
  expect(legend.orient).toBe("vertical");
  expect(center - radius).toBeGreaterThan(0);
  expect(legend.left).toBeGreaterThan(center + radius);
  expect(legend.left + "3 others  18.1 %".length * 6).toBeLessThan(360);
  expect(placed(200, 300).legend.orient).toBeUndefined();
});

test("several times have the axis that fits them", () => expect(axis("2026-11-23T10:00:00Z", "2026-11-23T10:01:00Z")).toBeNull());
