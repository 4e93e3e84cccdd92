// What an address says, read with care: it may have been written by anybody.

type Raw = Record<string, unknown>;

/** The text of a search parameter, or undefined when there is none. */
export function text(raw: Raw, name: string): string | undefined {
  const value = raw[name];
  if (typeof value === "string") return value || undefined;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

/** A search parameter that is one of a few words, else undefined. */
export function oneOf<T extends string>(raw: Raw, name: string, words: readonly T[]): T | undefined {
  const value = text(raw, name);
  return words.find((w) => w === value);
}

/** A search parameter that is a whole number in a range, else undefined. */
export function whole(raw: Raw, name: string, min = 0, max = Number.MAX_SAFE_INTEGER): number | undefined {
  const value = Number(raw[name]);
  return raw[name] !== undefined && raw[name] !== "" && Number.isSafeInteger(value) && value >= min && value <= max ? value : undefined;
}

/** A search parameter that is a list of texts. */
export function texts(raw: Raw, name: string): string[] | undefined {
  const value = raw[name];
  if (typeof value === "string" && value) return [value];
  if (!Array.isArray(value)) return undefined;
  const list = value.filter((v): v is string => typeof v === "string");
  return list.length ? list : undefined;
}
