// What a person should look at, why, and what there is to do. Pure: it judges what the server tells.
import type { Schemas } from "@/api/client";
import { advice } from "@/data/advice";
import { sentence } from "@/ui/problem";
import { bytes, duration, number, percent, plural } from "@/lib/format";
import type { Point } from "./history";

type Source = Schemas["SourceStatus"];

export type Severity = "bad" | "warn" | "info";
/** Where a person goes to do something about it. */
export type Remedy = "source" | "quarantine" | "shards" | "settings" | "tail" | "backups";

export interface Concern {
  /** The same as long as it is the same concern. */
  id: string;
  severity: Severity;
  /** Absent for what concerns the server as a whole, as is the table. */
  source?: string;
  table?: string;
  title: string;
  reason: string;
  remedy: string;
  go: Remedy;
}

const weights: Record<Severity, number> = { bad: 0, warn: 1, info: 2 };
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Everything that needs attention, the most serious first. `mends` is whether who looks may replay events. */
export function concerns(sources: readonly Source[], histories: Readonly<Record<string, readonly Point[]>>, now: number, mends: boolean): Concern[] {
  const all = sources.flatMap((s) => ofSource(s, histories[s.settings.name] ?? [], now, mends));
  const disk = ofDisk(sources, now);
  return [...(disk ? [disk] : []), ...all].sort((a, b) => weights[a.severity] - weights[b.severity]);
}

function ofSource(s: Source, points: readonly Point[], now: number, mends: boolean): Concern[] {
  const found: Concern[] = [];
  const name = s.settings.name;
  const add = (kind: string, severity: Severity, title: string, reason: string, remedy: string, go: Remedy) => found.push({ id: `${kind}:${name}`, source: name, table: s.settings.table, severity, title, reason, remedy, go });
  if (s.state === "failing") {
    add("failing", "bad", "cannot be read", sentence(s.error ?? "Helios cannot read the stream"), advice(s), "shards");
  } else if (s.error) {
    add("partly", "warn", "is read in part only", s.error, "The other shards go on. Helios keeps trying.", "shards");
  }
  for (const kind of ["gap", "recreated", "hole"] as const) {
    const notices = s.notices.filter((n) => n.kind === kind && now - Date.parse(n.at) < (kind === "gap" ? day : hour));
    const last = notices.at(-1);
    if (!last) continue;
    const more = notices.length > 1 ? ` (${number(notices.length)} times)` : "";
    add(kind, noticeSeverities[kind], noticeTitles[kind] + more, last.message, noticeRemedies[kind], "shards");
  }
  const throttled = s.shards.filter((shard) => shard.condition === "throttled").length;
  if (throttled > 0) {
    add("throttled", "warn", "is throttled", `AWS holds back the reading of ${plural(throttled, "shard")}: others read this stream too, or it needs more shards.`, "Read it by fan-out, which has a share of its own, or add shards.", "settings");
  }
  const fallback = s.shards.find((shard) => shard.fallback)?.fallback;
  if (fallback) add("fallback", "warn", "is polled instead of fanned out", fallback, "It is read all the same, a little slower. Mend the cause, and fan-out is taken up by itself.", "shards");
  const lag = lagTrend(points, s.lag_ms);
  if (lag === "growing") {
    add("lag", "warn", "falls behind", `The lag is ${duration(s.lag_ms)} and grows: more comes in than is read.`, "See which shard it is. Fan-out reads up to 2 MB/s a shard; more shards share the load.", "shards");
  }
  if (s.quarantined_last_hour > 0) {
    const share = quarantineShare(points);
    const severe = share !== null && share >= 0.01;
    const part = share !== null && share > 0 ? `; of the last 15 minutes’ events, ${percent(share)}` : "";
    add("quarantine", severe ? "warn" : "info", "has events in quarantine", `${plural(s.quarantined_last_hour, "event")} could not become rows in the last hour${part}.`, mends ? "Nothing is lost: see why, mend the table, and replay them." : "Nothing is lost: an editor of this server can see why, mend the table, and replay them.", "quarantine");
  }
  if (s.state === "reading" && wentQuiet(points)) {
    add("quiet", "warn", "went quiet", "Events came steadily, and none has come for more than two minutes, although the stream can be read.", "Look at what sends them.", "tail");
  }
  if (s.retention.error) {
    add("retention", "warn", "cannot delete its old events", s.retention.error, "The table grows until this is mended.", "settings");
  }
  return found;
}

// Lost records are told for a day; what changed for an hour.
const noticeSeverities = { gap: "bad", recreated: "info", hole: "warn" } as const;
const noticeTitles = { gap: "has lost records", recreated: "reads a stream that was made anew", hole: "has a hole among its shards" };
const noticeRemedies = {
  gap: "They were gone from the stream before they could be read. A longer retention of the stream leaves more time.",
  recreated: "If that was meant, there is nothing to do.",
  hole: "Some hash keys belong to no open shard for now. This passes when the stream has finished resharding.",
};

/** Whether a lag worth naming grows or shrinks over the last minutes; null when it does neither. */
export function lagTrend(points: readonly Point[], lagMS: number | null): "growing" | "shrinking" | null {
  if (lagMS === null || lagMS < 10_000) return null;
  const known = points.flatMap((p) => (p.lag_ms === undefined ? [] : [p.lag_ms])).slice(-18);
  if (known.length < 6) return null;
  const third = Math.floor(known.length / 3);
  const before = mean(known.slice(0, third));
  const after = mean(known.slice(-third));
  if (after > before * 1.1 + 1000) return "growing";
  return after < before * 0.9 - 1000 ? "shrinking" : null;
}

/** The share of the events of the last 15 minutes that went to quarantine; null when none came. */
export function quarantineShare(points: readonly Point[], stepSeconds = 10): number | null {
  const events = points.reduce((n, p) => n + p.events_per_second * stepSeconds, 0);
  const quarantined = points.reduce((n, p) => n + p.quarantined, 0);
  return events > 0 ? Math.min(1, quarantined / events) : null;
}

/** Whether events came nearly all the time, and then none for two minutes or more. */
export function wentQuiet(points: readonly Point[]): boolean {
  const last = points.findLastIndex((p) => p.events_per_second > 0);
  const silent = points.length - 1 - last;
  const before = points.slice(Math.max(0, last - 59), last + 1); // ten minutes
  return silent >= 13 && before.length >= 24 && before.filter((p) => p.events_per_second > 0).length >= before.length * 0.9;
}

function ofDisk(sources: readonly Source[], now: number): Concern | null {
  const disk = newestDisk(sources);
  if (!disk) return null;
  const left = disk.full_at ? Date.parse(disk.full_at) - now : Infinity;
  const scarce = disk.free_bytes < 1e9;
  if (left > 7 * day && !scarce) return null;
  const pace = disk.bytes_per_day ? `, and ${bytes(disk.bytes_per_day)} come each day` : "";
  return {
    id: "disk",
    severity: left < day || disk.free_bytes < 2e8 ? "bad" : "warn",
    title: left <= 7 * day ? `The disk will be full in ${duration(Math.max(minute, left))}` : "The disk is nearly full",
    reason: `${bytes(disk.free_bytes)} are free${pace}. When it is full, reading stops until there is room.`,
    remedy: "Let tables keep less (retention), or give the data directory more room.",
    go: "settings",
  };
}

/** The state of the disk as it was measured last; all sources share one. */
export function newestDisk(sources: readonly Source[]): Schemas["DiskStatus"] | null {
  let newest: Schemas["Retention"] | null = null;
  for (const { retention } of sources) {
    if (retention.measured_at && (!newest?.measured_at || retention.measured_at > newest.measured_at)) newest = retention;
  }
  return newest && newest.disk.used_bytes + newest.disk.free_bytes > 0 ? newest.disk : null;
}

/** How serious the worst concern of each source is: lower is worse. */
export function weightOf(source: string, all: readonly Concern[]): number {
  return Math.min(9, ...all.filter((c) => c.source === source).map((c) => weights[c.severity]));
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);

/**
 * Keeps concerns that come and go within seconds (a shard that is throttled now and then) from flickering: one stays until
 * it has not been seen for `keep` milliseconds. `seen` is the memory between calls.
 */
export function settle(fresh: readonly Concern[], seen: Map<string, { concern: Concern; at: number }>, now: number, keep = 15_000): Concern[] {
  for (const concern of fresh) if (/^(throttled|lag):/.test(concern.id)) seen.set(concern.id, { concern, at: now });
  for (const [id, { at }] of seen) if (now - at > keep || now < at) seen.delete(id);
  const there = new Set(fresh.map((c) => c.id));
  const kept = [...seen.values()].map((s) => s.concern).filter((c) => !there.has(c.id));
  return [...fresh, ...kept].sort((a, b) => weights[a.severity] - weights[b.severity] || (a.id < b.id ? -1 : 1));
}
