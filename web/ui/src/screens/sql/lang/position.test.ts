import { expect, test } from "vitest";
import { markedRange, utf16Offset } from "./position";

test.each([
  ["SELECT x", 7, 7],
  ["SELECT 'ü' x", 12, 11], // two bytes, one unit
  ["SELECT '表' x", 13, 11], // three bytes, one unit
  ["SELECT '\u{1F600}' x", 14, 12], // four bytes, two units
  ["ü", 1, 0], // inside a character
  ["ab", 9, 2], // beyond the end
])("byte %2$i of %1$j", (text, bytes, at) => {
  expect(utf16Offset(text, bytes)).toBe(at);
  const whole = new TextEncoder().encode(text).slice(0, bytes);
  if (!new TextDecoder().decode(whole).includes("\uFFFD")) expect(text.slice(0, at)).toBe(new TextDecoder().decode(whole));
});

test("the token at the place is marked, at the end the last one", () => {
  expect(markedRange("SELECT foo FROM", 8)).toEqual({ from: 7, to: 10 });
  expect(markedRange("SELECT foo ", 11)).toEqual({ from: 7, to: 10 });
  expect(markedRange("SELECT 1", 6)).toEqual({ from: 0, to: 6 });
  expect(markedRange("", 0)).toEqual({ from: 0, to: 0 });
});
