import { expect, test } from "vitest";
import { fieldOf, momentOf, parameters, statement } from "./filter";

const now = Date.parse("2026-11-23T12:00:00Z");

test("a range counts from now, and moments that are named go before it", () => {
  expect(parameters({}, now)).toEqual({});
  expect(parameters({ range: "24h", find: "ada", action: "sign_in" }, now)).toEqual({ search: "ada", action: "sign_in", from: "2026-11-22T12:00:00.000Z" });
  expect(parameters({ range: "24h", until: "2026-11-01T00:00:00Z" }, now)).toEqual({ until: "2026-11-01T00:00:00Z" });
  expect(parameters({ range: "1h", from: "2026-10-01T00:00:00Z", until: "2026-11-01T00:00:00Z" }, now)).toEqual({ from: "2026-10-01T00:00:00Z", until: "2026-11-01T00:00:00Z" });
});

test("the statement asks for the same", () => {
  expect(statement({})).toBe("SELECT happened_at, actor, action, target, outcome, address, duration_ms, detail\nFROM helios.audit\nORDER BY happened_at DESC\nLIMIT 1000");
  const all = statement({ find: "it's", action: "query.run", from: "2026-11-01T00:00:00Z", until: "2026-11-02T01:30:00.000Z", range: "7d" });
  expect(all).toContain("WHERE contains(lower(concat_ws(' ', actor, address, action, target, outcome, detail::VARCHAR)), lower('it''s'))\n  AND action = 'query.run'\n  AND happened_at >= TIMESTAMP '2026-11-01 00:00:00.000'\n  AND happened_at < TIMESTAMP '2026-11-02 01:30:00.000'\n");
  expect(all).not.toContain("INTERVAL");
  expect(statement({ range: "7d" })).toContain("WHERE happened_at >= now() - INTERVAL 7 DAY\n");
});

test("a moment goes into its field and back", () => {
  expect(momentOf(fieldOf("2026-11-23T12:34:00.000Z"))).toBe("2026-11-23T12:34:00.000Z");
  expect(fieldOf(undefined)).toBe("");
  expect(momentOf("")).toBeUndefined();
});
