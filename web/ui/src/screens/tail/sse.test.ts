import { expect, test } from "vitest";
import { SseParser } from "./sse";

const stream = ': following shop\n\nevent: event\ndata: {"a":1}\n\nevent: rate\r\ndata: {"b":2}\r\n\r\ndata: one\ndata: two\n\n';

test("messages are the same wherever the stream is cut", () => {
  const whole = new SseParser().push(stream);
  expect(whole).toEqual([
    { event: "event", data: '{"a":1}' },
    { event: "rate", data: '{"b":2}' },
    { event: "message", data: "one\ntwo" },
  ]);
  for (let cut = 1; cut < stream.length; cut++) {
    const parser = new SseParser();
    expect([...parser.push(stream.slice(0, cut)), ...parser.push(stream.slice(cut))]).toEqual(whole);
  }
});

test("a message that has not ended yet is not told", () => {
  const parser = new SseParser();
  expect(parser.push("event: event\ndata: 1\n")).toEqual([]);
  expect(parser.push("\n")).toHaveLength(1);
});
