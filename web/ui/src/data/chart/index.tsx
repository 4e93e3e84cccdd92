import { Suspense, useMemo } from "react";
import { ChartNoAxesCombined } from "lucide-react";
import { number } from "@/lib/format";
import { lazy } from "@/lib/lazy";
import { cx } from "@/ui/cx";
import { ResultGrid } from "../grid";
import type { Result } from "../result";
import { kindOf } from "../types";
import { fitChart, type Chart } from "./choose";
import { shape } from "./shape";

export { chooseChart, usable, type Chart, type ChartKind } from "./choose";
export { ChartOptions } from "./options";

const Canvas = lazy(() => import("./canvas"));

/**
 * A result drawn as a chart says, in a box whose size the caller gives. Columns that the result lacks are chosen anew. Where it is
 * `titled`, a number alone needs no name below it.
 */
export function ResultChart({ result, chart, titled, className }: { result: Result; chart: Chart; titled?: boolean; className?: string }) {
  const fitted = useMemo(() => fitChart(chart, result), [chart, result]);
  if (fitted.kind === "table") {
    return (
      <div className={cx("flex min-h-0 flex-col", className)}>
        <ResultGrid result={result} compact />
      </div>
    );
  }
  return fitted.kind === "number" ? <Numbers result={result} chart={fitted} titled={titled} className={className} /> : <Drawn key={fitted.kind} result={result} chart={fitted} className={className} />;
}

function Drawn({ result, chart, className }: { result: Result; chart: Chart; className?: string }) {
  const drawn = useMemo(() => shape(result, chart), [result, chart]);
  if (drawn.series.every((s) => s.points.length === 0)) {
    return (
      <div className={cx("grid place-items-center text-sm text-faint", className)}>
        <span className="flex items-center gap-2">
          <ChartNoAxesCombined size={15} aria-hidden /> No rows to draw
        </span>
      </div>
    );
  }
  return (
    <figure className={cx("flex min-h-0 min-w-0 flex-col", className)}>
      <div className="min-h-0 flex-1">
        <Suspense fallback={<div role="status" aria-label="Loading the chart" className="size-full animate-breathe rounded-md bg-sunken" />}>
          <Canvas shape={drawn} chart={chart} />
        </Suspense>
      </div>
      {drawn.notes.length > 0 && <figcaption className="pt-1 text-2xs text-faint">{drawn.notes.join(". ")}.</figcaption>}
    </figure>
  );
}

/** The values of the first row, large. */
function Numbers({ result, chart, titled, className }: { result: Result; chart: Chart; titled?: boolean; className?: string }) {
  const [row] = result.rows;
  return (
    <dl className={cx("@container flex flex-wrap content-center items-center justify-around gap-x-8 gap-y-3 overflow-auto px-2", className)}>
      {chart.y.map((name, i) => {
        const column = result.columns.findIndex((c) => c.name === name);
        const value = row?.[column] ?? null;
        return (
          <div key={i} className="flex min-w-0 flex-col-reverse text-center">
            <dt className={titled && chart.y.length === 1 ? "sr-only" : "truncate text-xs text-faint"}>{name}</dt>
            <dd className="truncate text-3xl font-semibold tracking-tight tabular" title={value === null ? "NULL" : String(value)}>
              {big(value, result.columns[column]?.type ?? "")}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

/** Fractions are cut for reading, whole numbers never. */
function big(value: string | number | boolean | null, type: string): string {
  if (value === null) return "–";
  if (kindOf(type) !== "number") return String(value);
  if (typeof value === "number" && !Number.isInteger(value)) return number(Number(value.toPrecision(Math.max(6, Math.trunc(Math.abs(value)).toString().length + 2))));
  return number(value as string | number);
}
