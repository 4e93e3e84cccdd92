// The history of a source as lines, and what can be said of them in words.
import { bytes, duration, measured } from "@/lib/format";
import { topOf } from "@/lib/scale";
import type { HistoryPoint } from "../queries";

export interface Line {
  name: string;
  /** Of the series colours, from 1. */
  color: number;
  value: (p: HistoryPoint) => number | null;
}

export interface Figure {
  key: string;
  title: string;
  says: string;
  lines: readonly Line[];
  format: (value: number) => string;
  /** Between two marks of the scale lies at least so much: there are no parts of a byte or a millisecond. */
  step?: number;
  /** Milliseconds, whose scale goes by seconds, minutes and hours. */
  time?: boolean;
}

export const figures: readonly Figure[] = [
  {
    key: "events",
    title: "Events/s",
    says: "Events that became rows or went to quarantine.",
    format: measured,
    lines: [
      { name: "events/s", color: 1, value: (p) => p.events_per_second },
      { name: "quarantined/s", color: 5, value: (p) => p.quarantined / 10 },
    ],
  },
  { key: "bytes", title: "Volume/s", says: "Of the records, as they come from the stream.", format: (v) => bytes(Math.round(v)), step: 1, lines: [{ name: "volume/s", color: 3, value: (p) => p.bytes_per_second }] },
  { key: "freshness", title: "Freshness", says: "Median time from arriving in the stream to being queryable.", format: duration, step: 1, time: true, lines: [{ name: "freshness", color: 2, value: (p) => p.freshness_ms ?? null }] },
  { key: "lag", title: "Lag", says: "How far behind the tip of the slowest shard the reader was.", format: duration, step: 1, time: true, lines: [{ name: "lag", color: 4, value: (p) => p.lag_ms ?? null }] },
];

export type Drawn = [time: number, value: number | null];

/** A line's points in time. Where nothing is known for more than a step the line breaks off. */
export function drawn(points: readonly HistoryPoint[], line: Line, stepSeconds: number): Drawn[] {
  const all: Drawn[] = [];
  let before: number | null = null;
  for (const p of points) {
    const at = Date.parse(p.at);
    if (before !== null && at - before > stepSeconds * 1500) all.push([before + stepSeconds * 1000, null]);
    all.push([at, line.value(p)]);
    before = at;
  }
  return all;
}

export interface Scale {
  /** Where it ends and how far its marks are apart; the chart's own choice where it is not said. */
  max?: number;
  interval?: number;
  /** Some values lie above it. */
  cut: boolean;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const intervals = [...[1, 2, 5].flatMap((n) => [n, n * 10, n * 100]), ...[1, 2, 5, 10, 15, 30].flatMap((n) => [n * second, n * minute]), ...[1, 2, 3, 6, 12].map((n) => n * hour)].sort((a, b) => a - b);

/** The scale on which all lines of a figure are seen. */
export function scaleOf(lines: readonly (readonly Drawn[])[], { time, step = 0 }: Pick<Figure, "time" | "step">): Scale {
  const values = lines.map((points) => points.flatMap(([, v]) => (v === null ? [] : [v])));
  const top = Math.max(0, ...values.map(topOf));
  const cut = values.some((of) => of.some((v) => v > top));
  if (top === 0 || (!time && !cut)) return { cut };
  const interval = (time && intervals.find((i) => top <= i * 4)) || Math.max(step, round(top / 4));
  return { max: Math.ceil(top / interval) * interval, interval, cut };
}

/** The next round number. */
function round(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5, 10].find((n) => n * power >= value) ?? 10);
}

/** The newest, least, median and largest value, for those who do not see the line. */
export function summary(points: readonly Drawn[], format: (value: number) => string): { newest: string; text: string } | null {
  const known = points.flatMap(([, v]) => (v === null ? [] : [v]));
  const newest = known.at(-1);
  if (newest === undefined) return null;
  const sorted = [...known].sort((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? newest;
  return { newest: format(newest), text: `median ${format(median)}, at most ${format(sorted.at(-1) ?? newest)}` };
}
