// What the engine's types mean for showing, sorting and charting.

/** A value of a result. Nested and JSON values are their JSON text, whole numbers beyond 2^53 and decimals are text. */
export type Cell = string | number | boolean | null;

/** What a type is like: how its values are aligned, compared and drawn. */
export type Kind = "number" | "time" | "boolean" | "json" | "text";

/** The kind of an engine's type: BIGINT, DECIMAL(10,2), TIMESTAMP WITH TIME ZONE, STRUCT(a INTEGER), VARCHAR[]. */
export function kindOf(type: string): Kind {
  const t = type.toUpperCase();
  if (t.endsWith("]") || /^(STRUCT|MAP|UNION|LIST|JSON|VARIANT)\b/.test(t)) return "json";
  if (/^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|U?INT\d*|DECIMAL|NUMERIC|DOUBLE|FLOAT|REAL|BIGNUM|VARINT)\b/.test(t)) return "number";
  if (/^(TIMESTAMP|DATE|TIME)/.test(t)) return "time";
  return t.startsWith("BOOL") ? "boolean" : "text";
}

/** True for times that have a place on a time axis: a time of day has none. */
export function isInstant(type: string): boolean {
  return /^(TIMESTAMP|DATE)/i.test(type);
}

/** The moment of a TIMESTAMP or DATE in milliseconds, or null when it has none, as infinity. */
export function instant(value: Cell): number | null {
  if (typeof value !== "string") return null;
  // Digits beyond the millisecond are more than a Date takes everywhere.
  const ms = Date.parse(value.replace(/(\.\d{3})\d+/, "$1"));
  return Number.isNaN(ms) ? null : ms;
}

/** A number for drawing: what has no finite value is null. */
export function drawable(value: Cell): number | null {
  if (value === null || value === "" || typeof value === "boolean") return null;
  const n = Number(value);
  return Number.isFinite(n) ? n : null;
}

/** True for names of numbers that are no quantities: they are neither added up nor written with separators. */
export function namesThing(name: string): boolean {
  return /(^|_)(id|key|code|zip|year)$/i.test(name);
}
