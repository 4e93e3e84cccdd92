/** What a person typed as a condition that the server knows, field=value; null for anything else, such as price>100. */
export function conditionOf(typed: string): string | null {
  const parts = /^\s*([^=]*[^=\s])(\s*)=([^]*)$/.exec(typed);
  if (!parts) return null;
  const [, field = "", gap, value = ""] = parts;
  if (/[<>!~]$/.test(field) || value.startsWith("=")) return null;
  return `${field}=${gap ? value.trimStart() : value}`;
}
