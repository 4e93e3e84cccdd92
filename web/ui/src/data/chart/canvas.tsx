// The part that needs ECharts: loaded when the first chart is drawn.
import { BarChart, LineChart, PieChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendScrollComponent, TooltipComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { number } from "@/lib/format";
import { color, useTheme } from "@/lib/theme";
import type { Chart } from "./choose";
import { toOption, type Palette, type Size } from "./option";
import { describe, placeName, slices, type Shape } from "./shape";

echarts.use([LineChart, BarChart, ScatterChart, PieChart, GridComponent, TooltipComponent, LegendScrollComponent, CanvasRenderer]);

function palette(): Palette {
  return {
    series: Array.from({ length: 8 }, (_, i) => color(`series-${i + 1}`)),
    ink: color("ink"),
    muted: color("muted"),
    line: color("line"),
    surface: color("surface"),
    edge: color("edge"),
    font: getComputedStyle(document.body).fontFamily,
  };
}

/** Draws the series. With the arrow keys one goes from point to point; what is there is read out. */
export default function Canvas({ shape, chart }: { shape: Shape; chart: Chart }) {
  const box = useRef<HTMLDivElement>(null);
  const drawing = useRef<echarts.ECharts | null>(null);
  const theme = useTheme();
  const [at, setAt] = useState(-1);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });

  useEffect(() => {
    const node = box.current;
    if (!node) return;
    const made = echarts.init(node);
    drawing.current = made;
    const watch = new ResizeObserver(() => {
      made.resize();
      setSize({ width: node.clientWidth, height: node.clientHeight });
    });
    watch.observe(node);
    return () => {
      watch.disconnect();
      made.dispose();
      drawing.current = null;
    };
  }, []);

  useEffect(() => {
    if (size.width === 0) return; // not measured yet
    // The theme's colours are read from the page: they are those of the theme named in the dependencies.
    drawing.current?.setOption(toOption(shape, chart, palette(), size), { replaceMerge: ["series", "xAxis", "yAxis", "grid", "legend"] });
  }, [shape, chart, theme, size]);

  const length = useMemo(() => (chart.kind === "pie" ? slices(shape).slices.length : Math.max(0, ...shape.series.map((s) => s.points.length))), [shape, chart]);
  const move = (e: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity }[e.key];
    if (e.key === "Escape") {
      drawing.current?.dispatchAction({ type: "hideTip" });
      setAt(-1);
    }
    if (step === undefined || length === 0) return;
    e.preventDefault();
    const next = Math.min(length - 1, Math.max(0, at + step));
    setAt(next);
    drawing.current?.dispatchAction({ type: "showTip", seriesIndex: 0, dataIndex: next });
  };
  return (
    <div className="relative size-full">
      <div ref={box} role="img" tabIndex={0} aria-label={describe(shape, chart)} onKeyDown={move} onBlur={() => setAt(-1)} className="absolute inset-0" />
      <span className="sr-only" aria-live="polite">
        {at >= 0 && said(shape, chart, at)}
      </span>
    </div>
  );
}

function said(shape: Shape, chart: Chart, at: number): string {
  if (chart.kind === "pie") {
    const slice = slices(shape).slices[at];
    return slice ? `${slice.name}: ${number(slice.exact as string)}` : "";
  }
  const place = shape.series[0]?.points[at]?.x;
  if (place === undefined) return "";
  return `${placeName(shape, place)}: ${shape.series.flatMap((s) => s.points.filter((p) => p.x === place).map((p) => `${s.name} ${number(p.exact as string | null)}`)).join(", ")}`;
}
