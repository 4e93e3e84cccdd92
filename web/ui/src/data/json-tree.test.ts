import { describe, expect, it } from "vitest";
import { parseTree, textRange } from "./json-tree";

describe("a tree of JSON", () => {
  it("knows where every part stands", () => {
    const text = ' {"a": [1.10, "x"], "b": {}} ';
    const tree = parseTree(text);
    const list = tree?.children[0];
    expect(list && text.slice(list.start, list.end)).toBe('[1.10, "x"]');
    expect(list?.key && text.slice(list.key.start, list.key.end)).toBe('"a"');
    expect(list?.children.map((c) => text.slice(c.start, c.end))).toEqual(["1.10", '"x"']);
  });
  it.each(["", "{", "[1,]", '{"a" 1}', "nul", "01", '"a\nb"', "1 2", "[".repeat(100_000)])("is not made of %j", (text) => expect(parseTree(text)).toBeNull());
});

describe("a range of bytes", () => {
  const text = 'é€😀"x"';
  it("is told in the text's own units", () => {
    const { start, end } = textRange(text, { offset: 9, length: 3 });
    expect(text.slice(start, end)).toBe('"x"');
  });
  it("covers a character when it has no length, and nothing beyond the end", () => {
    const one = textRange(text, { offset: 5 });
    expect(text.slice(one.start, one.end)).toBe("😀");
    expect(textRange("ab", { offset: 2 })).toEqual({ start: 2, end: 2 });
  });
});
