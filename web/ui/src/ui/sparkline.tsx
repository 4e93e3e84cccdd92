import { topOf } from "@/lib/scale";

/** A series in a small space, as wide as its box. `label` says it to those who do not see it. */
export function Sparkline({ values, label, height = 28, tone = "series-1" }: { values: readonly (number | null)[]; label: string; height?: number; tone?: string }) {
  const width = 120;
  const top = topOf(values.filter((v) => v !== null)) || 1;
  const at = (v: number, i: number) => `${((i / Math.max(1, values.length - 1)) * width).toFixed(1)},${(height - 1 - Math.min(1, v / top) * (height - 3)).toFixed(1)}`;
  const known = values.flatMap((v, i) => (v === null ? [] : [at(v, i)]));
  return (
    <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label} className="block w-full" height={height}>
      <line x1={0} x2={width} y1={height - 0.5} y2={height - 0.5} stroke="var(--line)" vectorEffect="non-scaling-stroke" />
      {known.length > 1 && (
        <>
          <polygon points={`${known[0]!.split(",")[0]},${height} ${known.join(" ")} ${known.at(-1)!.split(",")[0]},${height}`} fill={`var(--${tone})`} opacity="0.14" />
          <polyline points={known.join(" ")} fill="none" stroke={`var(--${tone})`} strokeWidth="1.5" vectorEffect="non-scaling-stroke" strokeLinejoin="round" />
        </>
      )}
    </svg>
  );
}
