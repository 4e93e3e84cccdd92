// Which chart suits a result, when nobody has said.
import type { Schemas } from "@/api/client";
import type { Result } from "../result";
import { instant, isInstant, kindOf, namesThing } from "../types";

export type ChartKind = Chart["kind"];
export const chartKinds: readonly ChartKind[] = ["table", "line", "bar", "area", "scatter", "pie", "number"];

/** How a result is drawn. Columns are meant by name. */
export type Chart = Schemas["Chart"];

type Shown = Pick<Result, "columns" | "rows">;

/** What columns can be in a chart: measures are numbers to draw, dimensions are what they are told by. */
export function roles(columns: Shown["columns"]): { times: string[]; measures: string[]; dimensions: string[] } {
  const of = (test: (type: string, name: string) => boolean) => columns.filter((c) => c.name && test(c.type, c.name)).map((c) => c.name);
  return {
    times: of((t) => isInstant(t)),
    measures: of((t, n) => kindOf(t) === "number" && !namesThing(n)),
    dimensions: of((t, n) => (kindOf(t) === "text" || kindOf(t) === "boolean" || (kindOf(t) === "number" && namesThing(n)) || (kindOf(t) === "time" && !isInstant(t)))),
  };
}

const looked = 5000; // rows that are looked at: enough to know a result's shape

/** The chart that suits a result: a line over time, bars over categories, a number alone as a number; else the table. */
export function chooseChart(result: Shown): Chart {
  const { columns } = result;
  const rows = result.rows.slice(0, looked);
  const { times, measures, dimensions } = roles(columns);
  const table: Chart = { kind: "table", y: [] };
  // Rows of many columns are events, which are read, not drawn.
  if (rows.length === 0 || measures.length === 0 || columns.length > 8) return table;
  const values = (name: string) => {
    const at = columns.findIndex((c) => c.name === name);
    return rows.map((r) => r[at] ?? null);
  };
  const distinct = (name: string) => new Set(values(name)).size;

  if (rows.length === 1) {
    const alone = measures.length === columns.length ? measures.length <= 4 : measures.length === 1 && columns.length === 2;
    return alone ? { kind: "number", y: measures } : table;
  }
  const [time] = times;
  if (time !== undefined) {
    const each = distinct(time) === rows.length;
    if (each) return { kind: "line", x: time, y: measures.slice(0, 4) };
    const split = dimensions.find((d) => distinct(d) <= 20 && unique(values(time), values(d)));
    if (split !== undefined) return { kind: "line", x: time, y: measures.slice(0, 1), series: split };
    return columns.length === 2 && values(time).some((v) => instant(v) !== null) ? { kind: "scatter", x: time, y: measures } : table;
  }
  const [first, second] = dimensions;
  if (first !== undefined) {
    if (distinct(first) === rows.length) return rows.length <= 60 ? { kind: "bar", x: first, y: measures.slice(0, 4) } : table;
    if (second !== undefined && distinct(first) <= 60 && distinct(second) <= 12 && unique(values(first), values(second))) {
      return { kind: "bar", x: first, y: measures.slice(0, 1), series: second, stacked: true };
    }
    return table;
  }
  const [x, ...y] = measures;
  if (x === undefined || y.length === 0) return table;
  if (ascending(values(x).map(Number))) return { kind: "line", x, y: y.slice(0, 4) };
  return measures.length === 2 ? { kind: "scatter", x, y } : table;
}

/** True when no pair of values comes twice. */
function unique(a: unknown[], b: unknown[]): boolean {
  return new Set(a.map((v, i) => JSON.stringify([v, b[i]]))).size === a.length;
}

function ascending(values: number[]): boolean {
  return values.every((v, i) => Number.isFinite(v) && (i === 0 || v > (values[i - 1] ?? v)));
}

/** The chart as far as the result has its columns; a chart that lost all that it drew is chosen anew. */
export function fitChart(chart: Chart, result: Shown): Chart {
  if (chart.kind === "table") return chart;
  const has = (name: string | undefined) => name !== undefined && result.columns.some((c) => c.name === name);
  const y = chart.y.filter(has);
  const needsX = chart.kind !== "number";
  if (y.length === 0 || (needsX && !has(chart.x))) {
    const other = chooseChart(result);
    return other.kind === "table" || chart.kind === other.kind ? other : usable(chart.kind, result) ? { ...other, kind: chart.kind } : other;
  }
  return { ...chart, y, x: has(chart.x) ? chart.x : undefined, series: has(chart.series) ? chart.series : undefined };
}

/** True when a result has what a kind of chart draws. */
export function usable(kind: ChartKind, result: Shown): boolean {
  if (kind === "table") return true;
  const numbers = result.columns.filter((c) => kindOf(c.type) === "number").length;
  return kind === "number" ? numbers > 0 : numbers > 0 && result.columns.length > 1;
}

/** A chart of another kind that shows the same columns where it can. */
export function changeKind(chart: Chart, kind: ChartKind, result: Shown): Chart {
  const { times, measures, dimensions } = roles(result.columns);
  const y = chart.y.length ? chart.y : measures.slice(0, 1);
  const single = kind === "pie" || kind === "number";
  if (kind === "table") return { kind, y: [] };
  if (kind === "number") return { kind, y: y.length ? y : measures.slice(0, 1) };
  const prefer = kind === "pie" ? [...dimensions, ...times] : [...times, ...dimensions];
  const x = chart.x ?? prefer[0] ?? result.columns.find((c) => c.name && !y.includes(c.name))?.name;
  return { kind, x, y: single ? y.slice(0, 1) : y, series: kind === "pie" ? undefined : chart.series, stacked: kind === "bar" || kind === "area" ? chart.stacked : undefined };
}
