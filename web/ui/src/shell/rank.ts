/** The items whose text matches what was typed, the best first: beginnings of words before letters in order. */
export function rank<T>(typed: string, items: readonly T[], textOf: (item: T) => string): T[] {
  const wanted = typed.trim().toLowerCase();
  if (!wanted) return [...items];
  return items
    .map((item, i) => ({ item, i, score: score(wanted, textOf(item).toLowerCase()) }))
    .filter((m) => m.score > 0)
    .sort((a, b) => b.score - a.score || a.i - b.i)
    .map((m) => m.item);
}

function score(wanted: string, text: string): number {
  if (text === wanted) return 5;
  if (text.startsWith(wanted)) return 4;
  const at = text.indexOf(wanted);
  if (at > 0) return /[^a-z0-9]/.test(text[at - 1]!) ? 3 : 2;
  let from = 0;
  for (const letter of wanted) {
    from = text.indexOf(letter, from) + 1;
    if (from === 0) return 0;
  }
  return 1;
}
