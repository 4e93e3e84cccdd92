/**
 * Several declarations as one list under `sources:`. Each is either such a list itself or a mapping; what is in front of
 * the list, comments too, stays with it.
 */
export function together(declarations: readonly string[]): string {
  const items = declarations.map((text) => text.replace(/^sources:[ \t]*\n/m, "").trimEnd()).filter((text) => text.trim() !== "");
  return items.length ? `sources:\n${items.join("\n")}\n` : "";
}
