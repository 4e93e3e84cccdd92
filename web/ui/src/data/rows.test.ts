import { describe, expect, it } from "vitest";
import { parseEnvelope } from "./rows";

const envelope = (columns: string, rows: string) => `{"query_id":"q","columns":${columns},"rows":[\n${rows}],"row_count":1,"truncated":false,"elapsed_ms":1,"freshness":[]}\n`;

describe("a result with nested values", () => {
  const columns = '[{"name":"j","type":"JSON"},{"name":"s","type":"STRUCT(a BIGINT)"},{"name":"t","type":"VARCHAR"},{"name":"n","type":"DOUBLE"}]';
  it("keeps them as they were sent", () => {
    const read = parseEnvelope(envelope(columns, '[{"a":9007199254740993,"b":"]}\\\\\\""},{"a":1},"x\\"],[\\u00e9",1.5],\n[12345678901234567890,null,"",null],\n["text",{},null,-1e3]'));
    expect(read.rows).toEqual([
      ['{"a":9007199254740993,"b":"]}\\\\\\""}', '{"a":1}', 'x"],[é', 1.5],
      ["12345678901234567890", null, "", null],
      ['"text"', "{}", null, -1000],
    ]);
    expect(read).toMatchObject({ query_id: "q", row_count: 1 });
  });
  it("may have no rows", () => expect(parseEnvelope(envelope(columns, "")).rows).toEqual([]));
});

describe("a result without nested values", () => {
  it("is read as JSON", () => expect(parseEnvelope(envelope('[{"name":"a","type":"BIGINT"}]', '["9007199254740993"],[1]')).rows).toEqual([["9007199254740993"], [1]]));
});
