// The part that needs ECharts: loaded when the first chart is drawn.
import { LineChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { exactTime } from "@/lib/format";
import { color, useTheme } from "@/lib/theme";
import type { Drawn, Scale } from "./series";

echarts.use([LineChart, GridComponent, TooltipComponent, CanvasRenderer]);

export interface Series {
  name: string;
  color: number;
  points: readonly Drawn[];
}

/** Lines over a span of time. Charts of one group point at the same moment. */
export default function Canvas({ series, from, to, format, step, scale, group, label }: { series: readonly Series[]; from: number; to: number; format: (v: number) => string; step?: number; scale: Scale; group: string; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const drawing = useRef<echarts.ECharts | null>(null);
  const theme = useTheme();

  useEffect(() => {
    const node = box.current;
    if (!node) return;
    const made = echarts.init(node);
    made.group = group;
    echarts.connect(group);
    drawing.current = made;
    const watch = new ResizeObserver(() => made.resize());
    watch.observe(node);
    return () => {
      watch.disconnect();
      made.dispose();
      drawing.current = null;
    };
  }, [group]);

  useEffect(() => {
    // The theme's colours are read from the page: they are those of the theme named in the dependencies.
    drawing.current?.setOption(option(series, from, to, format, step, scale), { replaceMerge: ["series"] });
  }, [series, from, to, format, step, scale, theme]);

  return <div ref={box} role="img" aria-label={label} className="size-full" />;
}

function option(series: readonly Series[], from: number, to: number, format: (v: number) => string, step: number | undefined, scale: Scale): echarts.EChartsCoreOption {
  const text = { color: color("muted"), fontSize: 11 };
  const colors = series.map((s) => color(`series-${s.color}`));
  const rich = Object.fromEntries(colors.map((c, i) => [`s${i}`, { color: c }]));
  return {
    animation: false,
    color: colors,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 4, right: 10, top: 10, bottom: 4, outerBoundsMode: "same" },
    xAxis: { type: "time", min: from, max: to, axisLine: { lineStyle: { color: color("edge") } }, axisTick: { show: false }, axisLabel: { ...text, hideOverlap: true, formatter: { hour: "{HH}:{mm}", minute: "{HH}:{mm}", second: "{HH}:{mm}:{ss}" } }, splitLine: { show: false } },
    yAxis: { type: "value", min: 0, max: scale.max ?? null, interval: scale.interval ?? null, minInterval: step, splitNumber: 3, axisLabel: { ...text, formatter: format }, splitLine: { lineStyle: { color: color("line") } } },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      confine: true,
      backgroundColor: color("surface"),
      borderColor: color("edge"),
      borderWidth: 1,
      padding: [6, 10],
      textStyle: { color: color("ink"), fontSize: 12, lineHeight: 18, rich: { ...rich, head: { color: color("muted"), fontSize: 11, lineHeight: 18 } } },
      axisPointer: { type: "line", lineStyle: { color: color("edge") } },
      formatter: (hovered: { seriesIndex: number; value: Drawn }[]) => {
        const [first] = hovered;
        if (!first) return "";
        return [`{head|${exactTime(new Date(first.value[0]))}}`, ...hovered.map((h) => `{s${h.seriesIndex}|●} ${series[h.seriesIndex]?.name ?? ""}  ${h.value[1] === null ? "–" : format(h.value[1])}`)].join("\n");
      },
    },
    series: series.map((s) => ({ type: "line", name: s.name, data: s.points, showSymbol: s.points.length < 3, symbol: "circle", symbolSize: 4, lineStyle: { width: 1.75 }, areaStyle: { opacity: series.length > 1 ? 0.1 : 0.14 }, connectNulls: false, emphasis: { disabled: true } })),
  };
}
