import { describe, expect, it } from "vitest";
import { toCSV, toJSON, toMarkdown, toTSV } from "./copy";

const columns = [
  { name: "name", type: "VARCHAR" },
  { name: "n", type: "BIGINT" },
  { name: "j", type: "JSON" },
];

describe("CSV", () => {
  it("quotes what has to be quoted, and tells NULL from an empty text", () => expect(toCSV(columns, [['a "b", c', "9007199254740993", '{"x":1}'], ["", null, null]])).toBe('name,n,j\r\n"a ""b"", c",9007199254740993,"{""x"":1}"\r\n"",,\r\n'));
  it("gives spreadsheets no formula to run, and leaves numbers alone", () => {
    const text = [{ name: "=evil()", type: "VARCHAR" }];
    expect(toCSV(text, [["=1+2"], ["@SUM(A1)"], ["+4930123"], ["-5.2e3"], ["-cmd|calc"], ["\t=1"]])).toBe("'=evil()\r\n'=1+2\r\n'@SUM(A1)\r\n+4930123\r\n-5.2e3\r\n'-cmd|calc\r\n'\t=1\r\n");
  });
});

describe("cells for pasting", () => {
  it("are safe too, but a single value is copied as it is", () => {
    expect(toTSV([["=1", "a\tb"]])).toBe("'=1\t\"a\tb\"");
    expect(toTSV([["=1"]])).toBe("=1");
  });
});

describe("JSON", () => {
  it("keeps all digits, nested values, and columns of the same name", () =>
    expect(toJSON([...columns, { name: "n", type: "DOUBLE" }], [["a", "9007199254740993", '{"x":[1.10]}', "NaN"]])).toBe('[\n  {"name": "a", "n": 9007199254740993, "j": {"x":[1.10]}, "n_2": "NaN"}\n]\n'));
});

describe("Markdown", () => {
  it("is one line a row, whatever the values hold", () => expect(toMarkdown(columns, [["a|b\nc\\", 1, null]])).toBe("| name | n | j |\n| --- | ---: | --- |\n| a\\|b<br>c\\\\ | 1 |  |\n"));
});
