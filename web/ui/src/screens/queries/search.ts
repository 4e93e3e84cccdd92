import { oneOf, text } from "@/lib/search";

/** What the address of the list says: the text that is looked for. */
export const queriesSearch = (raw: Record<string, unknown>): { q?: string } => ({ q: text(raw, "q") });

export const views = ["chart", "table"] as const;

/** What the address of a query says: how it is looked at, and the parameters as a person wrote them. */
export const querySearch = (raw: Record<string, unknown>): { view?: (typeof views)[number]; params?: Record<string, string> } => ({ view: oneOf(raw, "view", views), params: written(raw.params) });

function written(value: unknown): Record<string, string> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const texts = Object.entries(value).filter((e): e is [string, string] => typeof e[1] === "string");
  return texts.length ? Object.fromEntries(texts) : undefined;
}
