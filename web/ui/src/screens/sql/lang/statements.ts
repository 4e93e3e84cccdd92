// Several statements in one text: where each begins and ends.
import { tokens } from "./lexer";

/** A statement of a text: what is sent of it, and where that stands, in UTF-16 units as the editor counts. */
export interface Statement {
  sql: string;
  from: number;
  to: number;
}

/** The statements of a text, without their semicolons. A comment before a statement belongs to it; comments alone are none. */
export function statements(text: string, offset = 0): Statement[] {
  const found: Statement[] = [];
  let from = -1;
  let to = -1;
  const end = () => {
    if (to >= 0) found.push({ sql: text.slice(from, to), from: offset + from, to: offset + to });
    from = to = -1;
  };
  for (const token of tokens(text)) {
    if (token.kind === "punct" && text[token.from] === ";") {
      end();
      continue;
    }
    if (from < 0) from = token.from;
    if (token.kind !== "comment") to = token.to;
  }
  end();
  return found;
}

/** The statement that a place in the text belongs to: the one around it, else the one before it, else the first. */
export function statementAt(text: string, at: number): Statement | undefined {
  const all = statements(text);
  return all.findLast((s) => s.from <= at) ?? all[0];
}
