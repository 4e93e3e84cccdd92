import { expect, test } from "vitest";
import { together } from "./declared";

test("several sources become one list", () => {
  const one = "sources:\n  - name: clicks\n    stream: clicks\n";
  const two = "sources:\n  - name: orders\n    stream: orders\n    retain: 30d\n";
  expect(together([one, two])).toBe("sources:\n  - name: clicks\n    stream: clicks\n  - name: orders\n    stream: orders\n    retain: 30d\n");
});

test("no source is no text", () => {
  expect(together([])).toBe("");
});
