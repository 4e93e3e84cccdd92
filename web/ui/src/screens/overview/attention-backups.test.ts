import { describe, expect, test } from "vitest";
import type { Schemas } from "@/api/client";
import { ofBackups } from "./attention-backups";

const now = Date.parse("2026-06-01T12:00:00Z");
const at = (minutesAgo: number) => new Date(now - minutesAgo * 60_000).toISOString();
const schedule = (next: number) => ({ to: "/srv/b", every: "1h0m0s", keep: 48, next_at: at(next) });
const last = (ago: number) => ({ at: at(ago) }) as Schemas["Backup"];
const failed = { at: at(1), to: "/srv/b", message: "no space is left" };
const told = (s: Schemas["BackupStatus"]) => ofBackups(s, now).map((c) => `${c.severity} ${c.id}`);

describe("of backups a person is told", () => {
  test("nothing while they are made, or while none is to be", () => {
    expect([told({}), told({ schedule: schedule(-30), last: last(30) }), ofBackups(undefined, now)]).toEqual([[], [], []]);
  });
  test("that one failed: a warning as long as another is young", () => {
    expect([told({ schedule: schedule(-30), failed, last: last(60) }), told({ schedule: schedule(-30), failed, last: last(3000) }), told({ failed })]).toEqual([["warn backup-failed"], ["bad backup-failed"], ["bad backup-failed"]]);
    expect(ofBackups({ schedule: schedule(-30), failed }, now)[0]).toMatchObject({ reason: "No space is left. There is no backup yet.", remedy: "It is tried again in 30 min." });
  });
  test("that one is overdue, unless it is being made", () => {
    const running = { to: "/srv/b", started_at: at(20), rows: 0, rows_done: 0, uploaded_bytes: 0 };
    expect([told({ schedule: schedule(9), last: last(69) }), told({ schedule: schedule(11), last: last(71) }), told({ schedule: schedule(20), running })]).toEqual([[], ["warn backup-overdue"], []]);
  });
});
