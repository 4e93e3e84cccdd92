const mostBytes = 1024;

/** What a new password lacks, or undefined. Its length is counted as the server counts it: in characters, not in UTF-16 units. */
export function lacking(next: string, current: string, least: number): string | undefined {
  const length = [...next].length;
  if (length < least) return length === 0 ? "A new password is missing." : `${least - length} more ${least - length === 1 ? "character" : "characters"}.`;
  if (new TextEncoder().encode(next).length > mostBytes) return "That is too long to be kept.";
  if (next === current) return "That is the password that you have.";
  return undefined;
}
