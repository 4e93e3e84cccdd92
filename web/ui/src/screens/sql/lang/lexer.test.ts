import { expect, test } from "vitest";
import { tokens } from "./lexer";

const read = (text: string) => tokens(text).map((t) => `${t.kind}${t.open ? "…" : ""} ${text.slice(t.from, t.to)}`);

test.each([
  ["SELECT a.b, 'it''s; -- no' -- c", ["word SELECT", "word a", "punct .", "word b", "punct ,", "string 'it''s; -- no'", "comment… -- c"]],
  ["a -- b\nc", ["word a", "comment -- b", "word c"]],
  ["/* a /* b */ ; */ x", ["comment /* a /* b */ ; */", "word x"]],
  ["/* a /* b */ x", ["comment… /* a /* b */ x"]],
  ["E'\\'' e 'a\\'", ["string E'\\''", "word e", "string 'a\\'"]],
  ['"a""b;" "c', ['quoted "a""b;"', 'quoted… "c']],
  ["$$ ; $x $$ $a$ $$ $a$", ["string $$ ; $x $$", "string $a$ $$ $a$"]],
  ["$from,$1 ? x$y $", ["param $from", "punct ,", "param $1", "param ?", "word x$y", "punct $"]],
  ["1.5e-3 .5 1_000 0xFf 1..2", ["number 1.5e-3", "number .5", "number 1_000", "number 0xFf", "number 1.", "number .2"]],
  ["größe 表.\u{1F600}", ["word größe", "word 表", "punct .", "punct \u{1F600}"]],
])("the parts of %j", (text, parts) => expect(read(text)).toEqual(parts));
