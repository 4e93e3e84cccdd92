import { expect, test } from "vitest";
import { kindOf, meaning, parameters, timeOf, valuesFor, writtenAs } from "./params";

test("parameters are found in code only, each once", () => {
  expect(parameters("SELECT '$a', \"$b\", $$ $c $$, /* $d */ $From, $from, $x -- $e")).toEqual(["From", "x"]);
  expect(parameters("SELECT ?, 'a?', ?")).toEqual(["1", "2"]);
  expect(parameters("SELECT $2, $1, a$b")).toEqual(["2", "1"]);
});

test.each([
  ["", null, "NULL"],
  ["null", null, "NULL"],
  ["true", true, "boolean"],
  ["42", 42, "number"],
  ["-1.5e3", -1500, "number"],
  ["9223372036854775807", "9223372036854775807", "number"],
  ["007", "007", "text"],
  ["'42'", "42", "text"],
  ["'it''s'", "it's", "text"],
  ["''", "", "text"],
  [" shoes ", " shoes ", "text"],
])("%j means %j", (written, value, kind) => {
  expect(meaning(written)).toBe(value);
  expect(kindOf(written)).toBe(kind);
});

test.each([null, true, 42, -0.5, "42", "", "true", "null", "it's", "'quoted'", "plain", " a ", "9223372036854775808"])("%j comes back as it was", (value) => {
  expect(meaning(writtenAs(value))).toBe(value);
});

test("times are relative to now, or what they say", () => {
  const now = Date.UTC(2026, 0, 2, 12);
  expect(timeOf("now", now)).toBe("2026-01-02T12:00:00.000Z");
  expect(timeOf("now-15m", now)).toBe("2026-01-02T11:45:00.000Z");
  expect(timeOf("now-2d", now)).toBe("2025-12-31T12:00:00.000Z");
  expect(timeOf("2026-01-01T00:00:00Z", now)).toBe("2026-01-01T00:00:00.000Z");
  expect(timeOf("yesterday", now)).toBe("yesterday");
});

test("values are sent under the names that the statement uses, and no others", () => {
  const now = Date.UTC(2026, 0, 1);
  expect(valuesFor("SELECT 1", { x: "1" }, now)).toBeUndefined();
  expect(valuesFor("SELECT $N, $x, ?", { n: "5", other: "1", 1: "a" }, now)).toEqual({ N: 5, x: null, 1: "a" });
  expect(valuesFor("SELECT $From, $to", { to: "now-1m" }, now)).toEqual({ From: "2025-12-31T23:00:00.000Z", to: "2025-12-31T23:59:00.000Z" });
});
