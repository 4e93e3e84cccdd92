// A result as series of points: what a chart draws, whatever draws it.
import { exactTime, number } from "@/lib/format";
import type { Result } from "../result";
import { drawable, instant, isInstant, kindOf, type Cell } from "../types";
import type { Chart } from "./choose";

export interface Point {
  /** Milliseconds on a time axis, a number on a value axis, the place among the categories otherwise. */
  x: number;
  y: number | null;
  /** The value with all its digits. */
  exact: Cell;
}
export interface Series {
  name: string;
  points: Point[];
}
export interface Shape {
  axis: "time" | "category" | "value";
  categories: string[];
  series: Series[];
  /** What is not shown, or not as it is: for a line below the chart. */
  notes: string[];
}

const names = new Intl.Collator("en", { numeric: true });
const maxSeries = 12;
const maxCategories = 300;
const maxSlices = 7; // with the others together as many as there are colours

/** How a value is called on an axis or in a legend. */
export function label(value: Cell | undefined): string {
  if (value === null || value === undefined) return "NULL";
  return value === "" ? "(empty)" : String(value);
}

/** The series of a chart. A result that lacks the chart's columns has none. */
export function shape(result: Pick<Result, "columns" | "rows">, chart: Chart): Shape {
  const at = (name: string | undefined) => result.columns.findIndex((c) => c.name === name);
  const x = at(chart.x);
  const ys = chart.y.map(at).filter((i) => i >= 0);
  const split = chart.series ? at(chart.series) : -1;
  const out: Shape = { axis: "category", categories: [], series: [], notes: [] };
  if (x < 0 || ys.length === 0) return out;
  const type = result.columns[x]?.type ?? "";
  if (chart.kind !== "pie" && isInstant(type)) out.axis = "time";
  else if (chart.kind !== "pie" && kindOf(type) === "number" && chart.kind !== "bar") out.axis = "value";

  const place = placer(out);
  const all = new Map<string, Series>();
  let unplaced = 0;
  for (const row of result.rows) {
    const px = place(row[x] ?? null);
    if (px === null) {
      unplaced++;
      continue;
    }
    for (const y of ys) {
      const measure = result.columns[y]?.name ?? "";
      const name = split < 0 ? measure : ys.length === 1 ? label(row[split]) : `${label(row[split])} · ${measure}`;
      let series = all.get(name);
      if (!series) all.set(name, (series = { name, points: [] }));
      const exact = row[y] ?? null;
      series.points.push({ x: px, y: drawable(exact), exact });
    }
  }
  if (unplaced > 0) out.notes.push(out.axis === "category" ? `Only the first ${number(maxCategories)} values of ${chart.x} are shown` : `${number(unplaced)} rows without a value of ${chart.x} are left out`);
  const found = [...all.values()];
  // By name and not as they came, so that each keeps its colour when the rows come anew.
  out.series = largest(split < 0 ? found : found.sort((a, b) => names.compare(a.name, b.name)), out.notes);
  if (out.axis === "category" && chart.kind !== "scatter") out.series.forEach((s) => addUp(s, out.notes));
  else if (chart.kind !== "scatter") out.series.forEach((s) => s.points.sort((a, b) => a.x - b.x));
  if (chart.stacked && (chart.kind === "bar" || chart.kind === "area")) align(out);
  return out;
}

/** Finds a value's place on the axis; null when it has none. */
function placer(out: Shape): (value: Cell) => number | null {
  if (out.axis === "time") return instant;
  if (out.axis === "value") return drawable;
  const places = new Map<Cell, number>();
  return (value) => {
    const known = places.get(value);
    if (known !== undefined) return known;
    if (places.size === maxCategories) return null;
    places.set(value, places.size);
    out.categories.push(label(value));
    return places.size - 1;
  };
}

/** The series with the most to show, in their order. */
function largest(all: Series[], notes: string[]): Series[] {
  if (all.length <= maxSeries) return all;
  const weight = new Map(all.map((s) => [s, s.points.reduce((sum, p) => sum + Math.abs(p.y ?? 0), 0)]));
  const kept = new Set([...all].sort((a, b) => (weight.get(b) ?? 0) - (weight.get(a) ?? 0)).slice(0, maxSeries));
  notes.push(`The ${maxSeries} largest of ${number(all.length)} series are shown`);
  return all.filter((s) => kept.has(s));
}

/** One point a category: what comes several times is added up. */
function addUp(series: Series, notes: string[]) {
  const sums = new Map<number, Point>();
  for (const p of series.points) {
    const sum = sums.get(p.x);
    if (!sum) {
      sums.set(p.x, { ...p });
      continue;
    }
    sum.y = sum.y === null && p.y === null ? null : (sum.y ?? 0) + (p.y ?? 0);
    sum.exact = sum.y;
    const note = "Rows of the same category are added up";
    if (!notes.includes(note)) notes.push(note);
  }
  series.points = [...sums.values()].sort((a, b) => a.x - b.x);
}

/** Gives all series the same places: what is stacked needs a ground everywhere. */
function align(out: Shape) {
  const places = [...new Set(out.series.flatMap((s) => s.points.map((p) => p.x)))].sort((a, b) => a - b);
  for (const s of out.series) {
    const by = new Map(s.points.map((p) => [p.x, p]));
    s.points = places.map((x) => by.get(x) ?? { x, y: 0, exact: null });
  }
}

export interface Slice {
  name: string;
  value: number;
  exact: Cell;
}

/** The slices of a pie, largest first; the smallest ones are one slice together. */
export function slices(shape: Shape): { slices: Slice[]; total: number } {
  const points = (shape.series[0]?.points ?? []).filter((p) => (p.y ?? 0) > 0);
  const all = points.map((p) => ({ name: shape.categories[p.x] ?? "", value: p.y ?? 0, exact: p.exact })).sort((a, b) => b.value - a.value);
  const total = all.reduce((sum, s) => sum + s.value, 0);
  if (all.length <= maxSlices + 1) return { slices: all, total };
  const rest = all.slice(maxSlices).reduce((sum, s) => sum + s.value, 0);
  return { slices: [...all.slice(0, maxSlices), { name: `${number(all.length - maxSlices)} others`, value: rest, exact: rest }], total };
}

/** The place of a point in words. */
export function placeName(shape: Shape, x: number): string {
  if (shape.axis === "time") return exactTime(new Date(x)).replace(/\.000(?= )/, "");
  return shape.axis === "category" ? (shape.categories[x] ?? "") : number(x);
}

/** What the chart shows in a sentence or two, for those who do not see it. */
export function describe(shape: Shape, chart: Chart): string {
  const what = { line: "Line chart", area: "Area chart", bar: "Bar chart", scatter: "Scatter chart", pie: "Pie chart", number: "Number", table: "Table" }[chart.kind];
  if (chart.kind === "pie") {
    const { slices: all, total } = slices(shape);
    return `${what} of ${chart.y[0] ?? ""} by ${chart.x ?? ""}: ${all.map((s) => `${s.name} ${share(s.value, total)}`).join(", ") || "no values"}.`;
  }
  const told = shape.series.slice(0, 6).map((s) => {
    const known = s.points.flatMap((p) => (p.y === null ? [] : [{ ...p, y: p.y }]));
    const [first] = known;
    if (!first) return `${s.name}: no values`;
    const low = known.reduce((a, b) => (b.y < a.y ? b : a));
    const high = known.reduce((a, b) => (b.y > a.y ? b : a));
    return `${s.name}: ${known.length === 1 ? "1 value" : `${number(known.length)} values`}, lowest ${number(low.exact as string)} at ${placeName(shape, low.x)}, highest ${number(high.exact as string)} at ${placeName(shape, high.x)}`;
  });
  const more = shape.series.length > told.length ? `; and ${shape.series.length - told.length} more series` : "";
  return `${what} of ${chart.y.join(", ")} by ${chart.x ?? ""}. ${told.join("; ") || "No values"}${more}.`;
}

export function share(value: number, total: number): string {
  return total > 0 ? `${((value / total) * 100).toFixed(1)} %` : "–";
}
