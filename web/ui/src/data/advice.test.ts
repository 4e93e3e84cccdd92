import { expect, test } from "vitest";
import { advice } from "./advice";

test("the server's hint is what is said", () => {
  expect(advice({ hint: "Add the action." })).toBe("Add the action.");
});

test("what the server knows no remedy for is tried again", () => {
  expect(advice({})).toMatch(/tries again by itself/);
});
