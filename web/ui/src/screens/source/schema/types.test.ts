import { expect, test } from "vitest";
import { parsePath, widerThan } from "./types";

test("names between dots are a path, quoted ones may have dots", () => {
  expect(parsePath("user.id")).toEqual(["user", "id"]);
  expect(parsePath('headers."x.request ""id"""')).toEqual(["headers", 'x.request "id"']);
});

test.each(["", " ", "a.", ".a", "a..b", '"a"b', '"a'])("%s is no path, or a plain name", (text) => {
  expect(parsePath(text)).toEqual(text === '"a' ? ['"a'] : null);
});

test("a column can become what holds every value of it", () => {
  expect(widerThan({ name: "n", type: "BIGINT", path: ["n"] })).toEqual(["HUGEINT", "DOUBLE", "VARCHAR", "JSON"]);
  expect(widerThan({ name: "t", type: "VARCHAR", path: ["t"] })).toEqual(["VARCHAR", "JSON"]);
  expect(widerThan({ name: "t", type: "VARCHAR", format: "scalar", path: ["t"] })).toEqual(["JSON"]);
  expect(widerThan({ name: "j", type: "JSON", path: ["j"] })).toEqual([]);
  expect(widerThan({ name: "_shard_id", type: "VARCHAR" })).toEqual([]);
});
