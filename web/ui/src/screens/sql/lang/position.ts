// The server counts bytes of UTF-8, the editor units of UTF-16.
import { tokens } from "./lexer";

/** The UTF-16 offset of the byte at `bytes` in the text: the character that holds the byte, or the end. */
export function utf16Offset(text: string, bytes: number): number {
  let left = bytes;
  let at = 0;
  while (at < text.length) {
    const point = text.codePointAt(at)!;
    left -= point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (left < 0) return at;
    at += point < 0x10000 ? 1 : 2;
  }
  return text.length;
}

/** What to underline for an error at a place: the token there, or the one before the end, and never nothing. */
export function markedRange(text: string, at: number): { from: number; to: number } {
  const all = tokens(text);
  const token = all.find((t) => t.from <= at && at < t.to) ?? all.findLast((t) => t.to <= at) ?? all[0];
  return token ? { from: token.from, to: token.to } : { from: 0, to: text.length };
}
