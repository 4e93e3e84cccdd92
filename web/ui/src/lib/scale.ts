// Where a scale ends: one spike, as after a catch-up, must not press everything else onto the ground.

/** The highest value, or less where only a few lie far above all others. */
export function topOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const highest = sorted.at(-1) ?? 0;
  const usual = sorted[Math.floor(sorted.length * 0.8)] ?? 0;
  return usual > 0 && highest > usual * 5 ? usual * 2 : highest;
}
