import { expect, test } from "vitest";
import { statement } from "./statement";

const columns = [
  { name: "event_type", type: "VARCHAR", path: ["event_type"] },
  { name: "product_id", type: "BIGINT", path: ["product", "id"] },
  { name: "_shard_id", type: "VARCHAR" },
];

test("conditions become comparisons of the columns that hold their fields", () => {
  expect(statement("shop", columns, ["event_type=it's", "product.id=7", "unknown=1"], "shard-1")).toBe(
    "SELECT * FROM shop\nWHERE event_type = 'it''s'\n  AND CAST(product_id AS VARCHAR) = '7'\n  AND _shard_id = 'shard-1'\nORDER BY _arrived_at DESC\nLIMIT 100",
  );
});

test("without conditions the newest rows are asked for, and null is what no comparison finds", () => {
  expect(statement("shop", columns, [], "")).toBe("SELECT * FROM shop\nORDER BY _arrived_at DESC\nLIMIT 100");
  expect(statement("shop", columns, ["product.id=null"], "")).toContain("WHERE product_id IS NULL\n");
});
