import { useQuery } from "@tanstack/react-query";
import { ChartLine, Terminal } from "lucide-react";
import { Suspense, useMemo } from "react";
import { copy } from "@/lib/clipboard";
import { curl } from "@/lib/curl";
import { lazy } from "@/lib/lazy";
import { Button } from "@/ui/button";
import { Segmented } from "@/ui/form";
import { Card, Empty, Skeleton } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import { historyQuery, minutesOf, useAddress, type HistoryPoint, type Source } from "../queries";
import { drawn, figures, scaleOf, summary, type Figure } from "./series";

const Canvas = lazy(() => import("./canvas"));
const names = { "15m": "15 min", "1h": "1 h", "6h": "6 h" } as const;

/** How the source did over time. */
export function Throughput({ source }: { source: Source }) {
  const { search, go } = useAddress();
  const range = search.range ?? "15m";
  const { name } = source.settings;
  const history = useQuery(historyQuery(name, range));
  const span = minutesOf[range] * 60_000;
  // The time of the answer is the charts' end: it moves when there is something new.
  const to = history.dataUpdatedAt;
  const points = history.data?.points;
  const beginsLate = points?.[0] !== undefined && Date.parse(points[0].at) - (to - span) > 60_000;
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-2">
        <Segmented small label="How far to look back" value={range} onChange={(r) => go({ range: r === "15m" ? undefined : r })} options={(["15m", "1h", "6h"] as const).map((r) => ({ value: r, label: names[r] }))} />
        <p className="min-w-0 flex-1 text-xs text-faint max-sm:order-last max-sm:basis-full">Steps of 10 s.{beginsLate && " There is nothing from before Helios was started."}</p>
        <Button kind="quiet" size="sm" icon={Terminal} className="max-sm:ml-auto" onClick={() => void copy(curl(`/api/v1/sources/${encodeURIComponent(name)}/history?minutes=${minutesOf[range]}`), "Copied as curl")}>
          Copy as curl
        </Button>
      </div>
      {history.error && !points ? (
        <ProblemBox error={history.error} retry={() => void history.refetch()} />
      ) : !points ? (
        <div className="grid gap-4 lg:grid-cols-2">
          {figures.map((f) => (
            <Card key={f.key} title={f.title}>
              <Skeleton className="h-48" />
            </Card>
          ))}
        </div>
      ) : points.length === 0 ? (
        <Card>
          <Empty icon={ChartLine} title="Nothing to draw yet">
            The first step is complete ten seconds after the source begins to read.
          </Empty>
        </Card>
      ) : (
        <div className="grid gap-4 lg:grid-cols-2">
          {figures.map((f) => (
            <Chart key={f.key} figure={f} points={points} step={history.data?.step_seconds ?? 10} from={to - span} to={to} group={`source ${name}`} />
          ))}
        </div>
      )}
    </>
  );
}

function Chart({ figure, points, step, from, to, group }: { figure: Figure; points: readonly HistoryPoint[]; step: number; from: number; to: number; group: string }) {
  const series = useMemo(() => figure.lines.map((l) => ({ name: l.name, color: l.color, points: drawn(points, l, step) })), [figure, points, step]);
  const scale = useMemo(() => scaleOf(series.map((s) => s.points), figure), [series, figure]);
  const said = series.map((s) => ({ name: s.name, ...summary(s.points, figure.format) }));
  const label = `${figure.title} over time: ${said.map((s) => (s.text ? `${s.name} now ${s.newest}, ${s.text}` : `${s.name} not known`)).join("; ")}`;
  return (
    <Card title={figure.title} actions={<span className="text-sm font-semibold tabular">{said[0]?.newest ?? "–"}</span>}>
      <p className="mb-2 text-xs text-faint">{figure.says}</p>
      <div className="h-44">
        <Suspense fallback={<div className="size-full animate-breathe rounded-md bg-sunken" />}>
          <Canvas series={series} from={from} to={to} format={figure.format} step={figure.step} scale={scale} group={group} label={label} />
        </Suspense>
      </div>
      <p className="mt-2 flex flex-wrap gap-x-4 text-xs text-muted">
        {said.map((s, i) => (
          <span key={s.name} className="inline-flex items-center gap-1.5">
            <span className="h-0.5 w-3 rounded-full" style={{ background: `var(--series-${figure.lines[i]?.color ?? 1})` }} aria-hidden />
            {s.name}: {s.text ?? "not known"}
          </span>
        ))}
        {scale.cut && <span className="text-faint">Peaks go beyond the scale.</span>}
      </p>
    </Card>
  );
}
