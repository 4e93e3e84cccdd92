// JSON as a tree over its own text: every part knows where it stands, so that it is shown as it was written, with all digits.

export interface JsonNode {
  kind: "object" | "array" | "string" | "number" | "word";
  start: number;
  end: number;
  /** Where the key stands, quotes included; for members of objects. */
  key?: { start: number; end: number };
  children: JsonNode[];
}

const deepest = 300;
const stringPattern = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const wordPattern = /true|false|null/y;
const spacePattern = /[ \t\r\n]*/y;

/** The tree of a JSON text, or null when it is none (or nested deeper than anybody reads). */
export function parseTree(text: string): JsonNode | null {
  const reader = new Reader(text);
  const node = reader.value(0);
  return node && reader.atEnd() ? node : null;
}

class Reader {
  private at = 0;
  constructor(private readonly text: string) {}

  atEnd(): boolean {
    this.take(spacePattern);
    return this.at === this.text.length;
  }

  value(depth: number): JsonNode | null {
    this.take(spacePattern);
    const start = this.at;
    const c = this.text[start];
    if (c === "{" || c === "[") return depth < deepest ? this.container(c === "{", depth) : null;
    const kind = c === '"' ? "string" : c === "-" || (c !== undefined && c >= "0" && c <= "9") ? "number" : "word";
    const found = this.take({ string: stringPattern, number: numberPattern, word: wordPattern }[kind]);
    return found ? { kind, start, end: this.at, children: [] } : null;
  }

  private container(object: boolean, depth: number): JsonNode | null {
    const node: JsonNode = { kind: object ? "object" : "array", start: this.at, end: this.at, children: [] };
    const close = object ? "}" : "]";
    this.at++;
    this.take(spacePattern);
    if (this.text[this.at] === close) {
      node.end = ++this.at;
      return node;
    }
    for (;;) {
      let key: JsonNode["key"];
      if (object) {
        this.take(spacePattern);
        const start = this.at;
        if (!this.take(stringPattern)) return null;
        key = { start, end: this.at };
        this.take(spacePattern);
        if (this.text[this.at++] !== ":") return null;
      }
      const child = this.value(depth + 1);
      if (!child) return null;
      node.children.push(key ? { ...child, key } : child);
      this.take(spacePattern);
      const c = this.text[this.at++];
      if (c === close) {
        node.end = this.at;
        return node;
      }
      if (c !== ",") return null;
    }
  }

  /** Goes over what a pattern matches here; false when it matches nothing. */
  private take(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    this.at += found?.[0].length ?? 0;
    return !!found?.[0];
  }
}

/** How many parts a tree has, counted no further than a limit. */
export function countNodes(node: JsonNode, limit: number): number {
  let n = 1;
  for (const child of node.children) {
    if (n >= limit) break;
    n += countNodes(child, limit - n);
  }
  return n;
}

/** A range of UTF-8 bytes as a range of the text's own units. A range without length covers one character. */
export function textRange(text: string, mark: { offset: number; length?: number }): { start: number; end: number } {
  const start = unitAt(text, mark.offset, 0, 0);
  const end = mark.length ? unitAt(text, mark.offset + mark.length, start.unit, start.byte) : unitAt(text, mark.offset + 1, start.unit, start.byte);
  return { start: Math.min(start.unit, text.length), end: Math.min(Math.max(end.unit, start.unit + 1), text.length) };
}

/** The unit that the byte belongs to, counted from a unit whose byte is known. */
function unitAt(text: string, byte: number, unit: number, from: number): { unit: number; byte: number } {
  let b = from;
  while (unit < text.length && b < byte) {
    const code = text.codePointAt(unit) ?? 0;
    b += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    unit += code < 0x10000 ? 1 : 2;
  }
  return { unit, byte: b };
}
