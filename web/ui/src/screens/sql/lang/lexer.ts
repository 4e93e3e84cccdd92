// The parts of SQL as DuckDB reads it, as far as the editor must know them: what is text, what is comment, what is code.

export type Kind = "word" | "quoted" | "string" | "number" | "param" | "comment" | "punct";

export interface Token {
  kind: Kind;
  from: number;
  to: number;
  /** It has no end: a quote or a comment that is still being written. */
  open?: boolean;
}

const wordStart = /[\p{L}_]/u;
const word = /[\p{L}\p{M}\p{N}_$]*/uy;
const number = /(?:0[xX][\da-fA-F_]+|(?:\d[\d_]*)?\.?\d[\d_]*\.?(?:[eE][+-]?\d+)?)/y;
const dollarQuote = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;
const parameter = /\$(?:\d+|[\p{L}_][\p{L}\p{M}\p{N}_]*)/uy;

function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** Every token but white space, in order. It never fails: what is not closed reaches to the end. */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const c = text[at]!;
    if (/\s/.test(c)) {
      at++;
      continue;
    }
    const token = next(text, at, c);
    found.push(token);
    at = token.to;
  }
  return found;
}

function next(text: string, from: number, c: string): Token {
  if (text.startsWith("--", from)) {
    const end = text.indexOf("\n", from);
    // The end of the line belongs to it no more; at the end of the text one still writes in it.
    return end < 0 ? { kind: "comment", from, to: text.length, open: true } : { kind: "comment", from, to: end };
  }
  if (text.startsWith("/*", from)) return blockComment(text, from);
  if (c === "'") return quoted(text, from, from, "string", false);
  if (c === '"') return quoted(text, from, from, "quoted", false);
  if ((c === "e" || c === "E") && text[from + 1] === "'") return quoted(text, from, from + 1, "string", true);
  if (c === "$") return dollar(text, from);
  if (c === "?") return { kind: "param", from, to: from + 1 };
  if (/\d/.test(c) || (c === "." && /\d/.test(text[from + 1] ?? ""))) return { kind: "number", from, to: Math.max(from + 1, matchAt(number, text, from)) };
  const whole = String.fromCodePoint(text.codePointAt(from)!);
  if (wordStart.test(whole)) return { kind: "word", from, to: matchAt(word, text, from) };
  return { kind: "punct", from, to: from + whole.length };
}

function quoted(text: string, from: number, quoteAt: number, kind: Kind, escapes: boolean): Token {
  const quote = text[quoteAt];
  for (let at = quoteAt + 1; at < text.length; at++) {
    if (escapes && text[at] === "\\") at++;
    else if (text[at] === quote) {
      if (text[at + 1] !== quote) return { kind, from, to: at + 1 };
      at++;
    }
  }
  return { kind, from, to: text.length, open: true };
}

function blockComment(text: string, from: number): Token {
  let depth = 1;
  for (let at = from + 2; at < text.length; at++) {
    if (text.startsWith("/*", at)) {
      depth++;
      at++;
    } else if (text.startsWith("*/", at)) {
      depth--;
      at++;
      if (depth === 0) return { kind: "comment", from, to: at + 1 };
    }
  }
  return { kind: "comment", from, to: text.length, open: true };
}

function dollar(text: string, from: number): Token {
  const open = matchAt(dollarQuote, text, from);
  if (open > from) {
    const close = text.indexOf(text.slice(from, open), open);
    return close < 0 ? { kind: "string", from, to: text.length, open: true } : { kind: "string", from, to: close + open - from };
  }
  const to = matchAt(parameter, text, from);
  return to > from ? { kind: "param", from, to } : { kind: "punct", from, to: from + 1 };
}
