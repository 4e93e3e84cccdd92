import { expect, test } from "vitest";
import { statementAt, statements } from "./statements";

const sql = (text: string) => statements(text).map((s) => s.sql);

test("statements are split at semicolons that are code", () => {
  expect(sql("SELECT 1; SELECT ';' ; -- end;\n")).toEqual(["SELECT 1", "SELECT ';'"]);
  expect(sql(" ;; SELECT $$;$$;")).toEqual(["SELECT $$;$$"]);
  expect(sql("-- nothing")).toEqual([]);
});

test("a comment before a statement belongs to it, one after it does not", () => {
  expect(sql("-- why\nSELECT 1 -- so\n; /* b */ SELECT 2")).toEqual(["-- why\nSELECT 1", "/* b */ SELECT 2"]);
});

test("each says where it stands, counted from an offset", () => {
  expect(statements("SELECT 1;\n  SELECT 2", 100)).toEqual([
    { sql: "SELECT 1", from: 100, to: 108 },
    { sql: "SELECT 2", from: 112, to: 120 },
  ]);
});

test.each([
  [0, "SELECT 1"],
  [8, "SELECT 1"],
  [9, "SELECT 1"], // right after the semicolon
  [13, "SELECT 2"],
  [99, "SELECT 2"],
])("the statement at %i", (at, found) => expect(statementAt("SELECT 1;\n\nSELECT 2", at)?.sql).toBe(found));

test("before the first statement it is the first, and without any there is none", () => {
  expect(statementAt("\n\nSELECT 1", 0)?.sql).toBe("SELECT 1");
  expect(statementAt(" ; ", 1)).toBeUndefined();
});
