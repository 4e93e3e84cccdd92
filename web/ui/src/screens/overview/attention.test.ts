import { describe, expect, test } from "vitest";
import type { Schemas } from "@/api/client";
import { concerns, lagTrend, settle, wentQuiet, type Concern } from "./attention";
import { rates, sum, type Point } from "./history";

const now = Date.parse("2026-06-01T12:00:00Z");
const at = (msAgo: number) => new Date(now - msAgo).toISOString();
const hour = 3_600_000;

function source(change: Partial<Schemas["SourceStatus"]> = {}): Schemas["SourceStatus"] {
  return {
    settings: { name: "clicks", table: "clicks_t" } as Schemas["Settings"],
    state: "reading",
    shards: [],
    notices: [],
    counters: {} as Schemas["Counters"],
    events_per_second: 10,
    bytes_per_second: 1000,
    lag_ms: 0,
    newest_arrived_at: at(100),
    quarantined_last_hour: 0,
    retention: { measured_at: at(1000), disk: { used_bytes: 1e9, free_bytes: 50e9, bytes_per_day: null, full_at: null, observed_s: 0 } } as unknown as Schemas["Retention"],
    ...change,
  };
}
const points = (...values: number[]): Point[] => values.map((v, i) => ({ at: at((values.length - i) * 10_000), events_per_second: v, bytes_per_second: 0, quarantined: 0 }));
const told = (s: Schemas["SourceStatus"], history: Point[] = []) => concerns([s], { clicks: history }, now, true).map((c) => `${c.severity} ${c.id}`);

describe("what needs attention", () => {
  test("is nothing while all is well", () => expect(told(source(), points(...Array(90).fill(5)))).toEqual([]));

  test("is what fails before what is only worth knowing", () => {
    expect(told(source({ state: "failing", error: "denied", quarantined_last_hour: 3 }))).toEqual(["bad failing:clicks", "info quarantine:clicks"]);
    expect(told(source({ error: "1 of 2 shards cannot be read" }))).toEqual(["warn partly:clicks"]);
  });

  test("is quarantine as a warning from one event in a hundred on", () => {
    const some = points(...Array(10).fill(10)); // 1,000 events
    const with_ = (n: number) => told(source({ quarantined_last_hour: n }), some.map((p, i) => (i ? p : { ...p, quarantined: n })));
    expect(with_(9)).toEqual(["info quarantine:clicks"]);
    expect(with_(10)).toEqual(["warn quarantine:clicks"]);
  });

  test("is a gap for a day, and a stream made anew for an hour", () => {
    const notices = (kind: string, ago: number) => told(source({ notices: [{ kind, at: at(ago), message: "m" }] }));
    expect([notices("gap", 23 * hour), notices("gap", 25 * hour)]).toEqual([["bad gap:clicks"], []]);
    expect([notices("recreated", hour / 2), notices("recreated", 2 * hour)]).toEqual([["info recreated:clicks"], []]);
  });

  test("is a disk that will be full within the week, once for all sources", () => {
    const disk = (days: number) => ({ retention: { ...source().retention, disk: { used_bytes: 1, free_bytes: 50e9, bytes_per_day: 1, observed_s: 9999, full_at: at(-days * 24 * hour) } } });
    expect(concerns([source(disk(3)), source(disk(3))], {}, now, true).map((c) => `${c.severity} ${c.id}`)).toEqual(["warn disk"]);
    expect(told(source(disk(0.5)))).toEqual(["bad disk"]);
    expect(told(source(disk(30)))).toEqual([]);
  });
});

test("a lag grows or shrinks when it does so over minutes, and is not worth a word below ten seconds", () => {
  const lags = (...values: number[]): Point[] => values.map((lag_ms, i) => ({ ...points(1)[0]!, at: at(-i), lag_ms }));
  const up = lags(...Array.from({ length: 18 }, (_, i) => 10_000 + i * 2000));
  expect(lagTrend(up, 44_000)).toBe("growing");
  expect(lagTrend([...up].reverse(), 12_000)).toBe("shrinking");
  expect(lagTrend(lags(...Array(18).fill(60_000)), 60_000)).toBeNull();
  expect(lagTrend(up, 9000)).toBeNull();
});

test("a stream went quiet when it was steady and has been silent for two minutes", () => {
  const busy = Array<number>(40).fill(3);
  expect(wentQuiet(points(...busy, ...Array<number>(13).fill(0)))).toBe(true);
  expect(wentQuiet(points(...busy, ...Array<number>(12).fill(0)))).toBe(false);
  expect(wentQuiet(points(...busy.map((v, i) => (i % 3 ? 0 : v)), ...Array<number>(13).fill(0)))).toBe(false);
});

test("what flickers stays a while, what is mended goes at once", () => {
  const seen = new Map();
  const concern = (id: string): Concern => ({ id, severity: "warn", title: "", reason: "", remedy: "", go: "shards" });
  settle([concern("throttled:a"), concern("failing:a")], seen, 1000);
  expect(settle([], seen, 5000).map((c) => c.id)).toEqual(["throttled:a"]);
  expect(settle([], seen, 20_000)).toEqual([]);
});

test("rates fill the time before there was a history with nothing, and add up from the newest on", () => {
  const line = rates(points(1, 2), 10);
  expect([line.length, line.at(-3), line.at(-2), line.at(-1)]).toEqual([90, null, 1, 2]);
  expect(sum([[1, 2, 3], [10, null]])).toEqual([1, 12, 3]);
});
