import { expect, test } from "vitest";
import { sqlName, sqlText } from "./sql";

test("names are quoted where they have to be", () => {
  expect(["orders", "_shard_id", "Orders", "order", "at", "left", "a b", 'say "hi"', "1st", ""].map(sqlName)).toEqual(["orders", "_shard_id", '"Orders"', '"order"', '"at"', '"left"', '"a b"', '"say ""hi"""', '"1st"', '""']);
});

test("texts end where they should", () => {
  expect(sqlText("it's")).toBe("'it''s'");
});
