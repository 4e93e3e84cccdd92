import { expect, test } from "vitest";
import { oneLine, preview } from "./preview";

const said = (event: string, search?: string, limit?: number) => preview(event, search, limit).map((p) => (p.hit ? `[${p.text}]` : p.text)).join("");
const kinds = (event: string) => preview(event).filter((p) => p.text.trim() && p.kind !== "plain").map((p) => `${p.kind} ${p.text}`);

test("keys, texts and other values are told apart", () => {
  expect(kinds('{"a":"b","n":-1.5e3,"t":true,"none":null}')).toEqual(['key "a":', 'string "b"', 'key "n":', "value -1.5e3", 'key "t":', "value true", 'key "none":', "value null"]);
});

test("any text makes a line, broken or not", () => {
  for (const text of ["", "not json at all", '{"a":"un', "{\n  \"a\" : 1\n}", "\\\"", "🙂 \u0000"]) expect(said(text)).toBe(text.replace(/\s+/g, " "));
});

test("what was searched for is marked, across tokens and in any letter case", () => {
  expect(said('{"Country":"DE"}', 'country":"d')).toBe('{"[Country":][\"D]E"}');
  expect(said("aaa", "a")).toBe("[a][a][a]");
  expect(said("a.b", ".")).toBe("a[.]b");
});

test("a hit far behind is shown with what is around it", () => {
  const event = `{"pad":"${"x".repeat(5000)}","id":"needle","more":"${"y".repeat(500)}"}`;
  const line = said(event, "needle");
  expect(line).toMatch(/^… x+","id":"\[needle\]","more":"y+ …$/);
  expect(line.length).toBeLessThan(340);
});

test("one line keeps every digit and every space inside texts", () => {
  expect(oneLine('{\n "id": 12345678901234567890.10,\n "t": "a  \\" b" }')).toBe('{"id":12345678901234567890.10,"t":"a  \\" b"}');
  expect(oneLine('{"a":')).toBeUndefined();
});
