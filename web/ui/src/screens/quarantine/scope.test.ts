import { expect, test } from "vitest";
import { beforeReplay, filterOf, groupsOf, pathOf, replayedRows, statementOf, together } from "./scope";
import { quarantineSearch } from "./search";

test("no field and any field are told apart, in the address, in requests and in SQL", () => {
  expect(quarantineSearch({ table: "t", field: "" }).field).toBe("");
  expect(quarantineSearch({ table: "t" }).field).toBeUndefined();
  expect(filterOf({ table: "t", reason: "empty", field: "" })).toEqual({ reason: "empty", field: "" });
  expect(pathOf({ table: "a b", field: "", search: "x&y" }, "/mends")).toBe("/api/v1/quarantine/a%20b/mends?field=&search=x%26y");
  expect(pathOf({ table: "t" })).toBe("/api/v1/quarantine/t");
  expect(statementOf({ table: "t", field: "" })).toContain("WHERE field IS NULL\n");
  expect(statementOf({ table: "t" })).not.toContain("WHERE");
});

test("what people wrote stays text in a statement", () => {
  expect(statementOf({ table: 'odd"table', reason: "o'reason", search: "it's" })).toMatch(/FROM quarantine."odd""table"\nWHERE reason = 'o''reason'\n {2}AND \(contains\(.*lower\('it''s'\)\)/);
});

test("the rows of a replay are told from those that came meanwhile", () => {
  expect(beforeReplay({ table: "t", reason: "empty", field: "" })).toBe("SELECT now(), min(arrived_at), max(arrived_at)\nFROM quarantine.t\nWHERE reason = 'empty'\n  AND field IS NULL\n");
  expect(replayedRows("t", "2026-01-02T03:04:05.678Z", "2026-01-01T00:00:00", "2026-01-01T10:00:00Z")).toContain(
    "WHERE _ingested_at >= TIMESTAMP '2026-01-02 03:04:05.678'\n  AND _arrived_at BETWEEN TIMESTAMP '2026-01-01 00:00:00' AND TIMESTAMP '2026-01-01 10:00:00'",
  );
});

const group = (reason: string, field: string, counts: number[], first: string, last: string) => ({
  table: "t", reason, field, count: counts.reduce((a, b) => a + b, 0), example: "", first_quarantined_at: first, last_quarantined_at: last,
  over_time: counts.map((count, i) => ({ at: `2026-01-01T0${i}:00:00Z`, count })),
});

test("groups are added up step by step", () => {
  const groups = [group("type_mismatch", "a", [1, 2], "2026-01-01T00:10:00Z", "2026-01-01T01:10:00Z"), group("type_mismatch", "b", [0, 5], "2026-01-01T00:05:00Z", "2026-01-01T01:20:00Z"), group("empty", "", [9, 9], "", "")];
  const all = together(groupsOf(groups, { table: "t", reason: "type_mismatch" }));
  expect(all).toMatchObject({ count: 8, first_quarantined_at: "2026-01-01T00:05:00Z", last_quarantined_at: "2026-01-01T01:20:00Z" });
  expect(all?.over_time.map((t) => t.count)).toEqual([1, 7]);
  expect(together(groupsOf(groups, { table: "other" }))).toBeUndefined();
});
