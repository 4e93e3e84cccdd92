// A chart as ECharts wants to have it. Nothing here writes HTML: the content security policy lets no style in by text, so
// tooltips are drawn on the canvas too.
import type { EChartsCoreOption } from "echarts/core";
import { measured, number } from "@/lib/format";
import type { Chart } from "./choose";
import { placeName, share, slices, type Series, type Shape, type Slice } from "./shape";

export interface Palette {
  series: string[];
  ink: string;
  muted: string;
  line: string;
  surface: string;
  edge: string;
  font: string;
}

/** The box that a chart is drawn in, in pixels. */
export interface Size {
  width: number;
  height: number;
}

interface Hovered {
  seriesIndex: number;
  dataIndex: number;
  name?: string;
}

/** The whole option: it is set anew whenever the data, the chart, the box or the theme changes. */
export function toOption(shape: Shape, chart: Chart, palette: Palette, size: Size): EChartsCoreOption {
  const base = {
    animation: false,
    color: palette.series,
    textStyle: { fontFamily: palette.font, color: palette.muted, fontSize: 11 },
    tooltip: tooltip(palette),
  };
  return chart.kind === "pie" ? { ...base, ...pie(shape, palette, size) } : { ...base, ...cartesian(shape, chart, palette, size.width) };
}

function tooltip(palette: Palette) {
  const rich = Object.fromEntries(palette.series.map((c, i) => [`s${i}`, { color: c, fontSize: 12, lineHeight: 18 }]));
  return {
    renderMode: "richText",
    confine: true,
    backgroundColor: palette.surface,
    borderColor: palette.edge,
    borderWidth: 1,
    padding: [6, 10],
    textStyle: { color: palette.ink, fontSize: 12, lineHeight: 18, fontFamily: palette.font, rich: { ...rich, head: { color: palette.muted, fontSize: 11, lineHeight: 18 }, value: { color: palette.ink, fontWeight: "bold", fontSize: 12, lineHeight: 18 } } },
  };
}

/** Text in a rich text that is not meant as its markup. */
function plain(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 59)}…` : text;
  return short.replaceAll("{", "{\u200b").replaceAll("}", "\u200b}");
}

/** What is told of the points at one place. */
export function tell(shape: Shape, hovered: readonly Hovered[], colors: number): string {
  const points = hovered.flatMap((h) => {
    const series = shape.series[h.seriesIndex];
    const point = series?.points[h.dataIndex];
    return series && point ? [{ series, point, at: h.seriesIndex }] : [];
  });
  const [first] = points;
  if (!first) return "";
  return [`{head|${plain(placeName(shape, first.point.x))}}`, ...points.map(({ series, point, at }) => `{s${at % colors}|●} ${plain(series.name)}  {value|${number(point.exact as string | null)}}`)].join("\n");
}

function cartesian(shape: Shape, chart: Chart, palette: Palette, width: number): EChartsCoreOption {
  const longest = Math.max(0, ...shape.categories.map((c) => c.length));
  // Names that are long, or too many for the width, read better beside bars than below them.
  const needed = shape.categories.length * (Math.max(4, longest) * 6.5 + 14);
  const lying = chart.kind === "bar" && shape.axis === "category" && shape.categories.length <= 24 && (longest > 12 || needed > width - 50);
  const labels = { color: palette.muted, fontSize: 11, hideOverlap: true };
  const place = {
    type: shape.axis,
    ...(shape.axis === "category" ? { data: shape.categories } : { scale: true, ...around(shape) }),
    ...(lying ? { inverse: true } : {}),
    axisLine: { show: !lying, lineStyle: { color: palette.edge } },
    axisTick: { show: false },
    splitLine: { show: false },
    boundaryGap: shape.axis === "category" ? true : chart.kind === "bar" ? ["2%", "2%"] : 0,
    axisLabel: { ...labels, ...(shape.axis === "category" ? { width: lying ? Math.max(90, Math.min(320, Math.round(width * 0.35))) : 90, overflow: "truncate" } : shape.axis === "value" ? { formatter: measured } : {}) },
  };
  const height = {
    type: "value",
    scale: chart.kind === "scatter" || chart.kind === "line",
    splitNumber: 4,
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { ...labels, formatter: measured },
    splitLine: { lineStyle: { color: palette.line } },
  };
  const many = shape.series.length > 1;
  return {
    grid: { left: 4, right: 14, top: many ? 32 : 12, bottom: 4, outerBoundsMode: "same" },
    legend: many ? legend(palette) : { show: false },
    xAxis: lying ? height : place,
    yAxis: lying ? place : height,
    tooltip: {
      ...tooltip(palette),
      trigger: chart.kind === "scatter" ? "item" : "axis",
      axisPointer: { type: chart.kind === "bar" ? "shadow" : "line", label: { show: false }, lineStyle: { color: palette.edge }, shadowStyle: { color: palette.line, opacity: 0.35 } },
      formatter: (p: Hovered | Hovered[]) => tell(shape, Array.isArray(p) ? p : [p], palette.series.length),
    },
    series: shape.series.map((s) => drawn(s, shape, chart, lying)),
  };
}

/** The ends of an axis with a single place on it: a time has as much around it as it is exact to, or it would get days. */
function around({ axis, series }: Shape): { min?: number; max?: number } {
  const first = series[0]?.points[0]?.x;
  if (axis !== "time" || first === undefined || series.some((s) => s.points.some((p) => p.x !== first))) return {};
  const step = [86_400_000, 3_600_000, 60_000].find((unit) => first % unit === 0) ?? 1000;
  return { min: first - step, max: first + step };
}

function drawn(s: Series, shape: Shape, chart: Chart, lying: boolean): object {
  const data = s.points.map((p) => (lying ? [p.y, p.x] : [p.x, p.y]));
  const stack = chart.stacked && (chart.kind === "bar" || chart.kind === "area") ? "all" : undefined;
  switch (chart.kind) {
    case "bar":
      return { type: "bar", name: s.name, data, stack, barMaxWidth: 36, itemStyle: { borderRadius: stack ? 0 : lying ? [0, 2, 2, 0] : [2, 2, 0, 0] } };
    case "scatter":
      return { type: "scatter", name: s.name, data, symbolSize: s.points.length > 500 ? 4 : 7, itemStyle: { opacity: 0.7 }, large: s.points.length > 5000 };
    default:
      return {
        type: "line",
        name: s.name,
        data,
        stack,
        sampling: "lttb",
        showSymbol: s.points.length <= 40,
        symbol: "circle",
        symbolSize: s.points.length === 1 ? 8 : 4, // a point alone must be seen
        lineStyle: { width: 1.75 },
        areaStyle: chart.kind === "area" ? { opacity: stack ? 0.5 : 0.16 } : undefined,
        emphasis: { disabled: shape.series.length < 2, focus: "series" },
      };
  }
}

function legend(palette: Palette) {
  return { type: "scroll", top: 0, left: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, itemGap: 14, textStyle: { color: palette.muted, fontSize: 11 }, pageTextStyle: { color: palette.muted }, pageIconColor: palette.muted, pageIconInactiveColor: palette.line };
}

function pie(shape: Shape, palette: Palette, { width, height }: Size): EChartsCoreOption {
  const { slices: all, total } = slices(shape);
  const named = (s: Slice) => `${s.name.length > 24 ? `${s.name.slice(0, 23)}…` : s.name}  ${share(s.value, total)}`;
  const names = 30 + 6.2 * Math.max(0, ...all.map((s) => named(s).length)); // with what marks them
  const size = Math.min(height * 0.84, width - names - 44);
  const beside = size >= Math.min(120, height * 0.5) && all.length * 20 <= height; // where the names have room
  const left = Math.max(12, (width - size - names - 20) / 2);
  const place = beside ? { orient: "vertical", left: Math.round(left + size + 20), top: "middle", itemGap: 6 } : { left: "center", top: "bottom" };
  return {
    legend: {
      ...legend(palette),
      ...place,
      formatter: (name: string) => {
        const s = all.find((one) => one.name === name);
        return s ? named(s) : name;
      },
    },
    tooltip: {
      ...tooltip(palette),
      trigger: "item",
      formatter: (p: Hovered) => {
        const s = all[p.dataIndex];
        return s ? `{head|${plain(s.name)}}\n{value|${number(s.exact as string | null)}}  ${share(s.value, total)}` : "";
      },
    },
    series: [
      {
        type: "pie",
        radius: beside ? [size * 0.31, size / 2] : ["48%", "78%"],
        center: beside ? [left + size / 2, "50%"] : ["50%", "44%"],
        data: all.map((s) => ({ name: s.name, value: s.value })),
        label: { show: false },
        itemStyle: { borderColor: palette.surface, borderWidth: 2 },
        emphasis: { scaleSize: 4 },
      },
    ],
  };
}
