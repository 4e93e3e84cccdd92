// The time range that all panels of a dashboard look at: the last while up to now, or from a moment to another.

export type Range = { last: string } | { from: string; to: string };

export const presets = [
  { value: "15m", label: "Last 15 minutes" },
  { value: "1h", label: "Last hour" },
  { value: "6h", label: "Last 6 hours" },
  { value: "24h", label: "Last 24 hours" },
  { value: "7d", label: "Last 7 days" },
] as const;
export const refreshes = [0, 1, 5, 30] as const;
const fallback = "1h";

const units: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A length of time such as 90s, 15m, 1h30m or 7d in milliseconds; null when it is none. */
export function span(text: string): number | null {
  if (!/^(\d+[smhd])+$/.test(text)) return null;
  const ms = [...text.matchAll(/(\d+)([smhd])/g)].reduce((sum, m) => sum + Number(m[1]) * (units[m[2] ?? ""] ?? 0), 0);
  return ms > 0 && Number.isSafeInteger(ms) && ms <= 8.64e15 / 2 ? ms : null;
}

/** What a range is called. */
export function rangeName(last: string): string {
  const known = presets.find((p) => span(p.value) === span(last));
  return known?.label ?? `Last ${last}`;
}

/** The range in force: what the address says, else the dashboard's own. What makes no sense is as if it were not there. */
export function rangeOf(search: { range?: string; from?: string; to?: string }, own: string): Range {
  if (search.from && search.to) {
    const [from, to] = [Date.parse(search.from), Date.parse(search.to)];
    if (from < to) return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  }
  for (const last of [search.range, own]) if (last && span(last) !== null) return { last };
  return { last: fallback };
}

/** The moments that $from and $to stand for. */
export function bounds(range: Range, now: number): { from: string; to: string } {
  if ("from" in range) return range;
  return { from: new Date(now - (span(range.last) ?? 0)).toISOString(), to: new Date(now).toISOString() };
}

/** A moment as a date and time field holds it, in the person's time zone. */
export function fieldTime(iso: string): string {
  const d = new Date(iso);
  return new Date(d.getTime() - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
