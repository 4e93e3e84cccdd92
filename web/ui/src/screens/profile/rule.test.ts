import { expect, test } from "vitest";
import { lacking } from "./rule";

test.each([
  ["", "", "A new password is missing."],
  ["eleven char", "", "1 more character."],
  ["short", "", "7 more characters."],
  ["🌻🌻🌻🌻🌻🌻", "", "6 more characters."], // twelve UTF-16 units
  ["🌻🌻🌻🌻🌻🌻🌻🌻🌻🌻🌻🌻", "", undefined],
  ["correct horse battery", "correct horse battery", "That is the password that you have."],
  ["é".repeat(512), "", undefined],
  ["é".repeat(513), "", "That is too long to be kept."],
])("%s", (next, current, said) => {
  expect(lacking(next, current, 12)).toBe(said);
});
