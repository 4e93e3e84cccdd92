// Names of tables and columns as they must be written in a statement.

// What DuckDB takes as no name without quotes, whatever else it knows.
const reserved = new Set(
  ("all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default deferrable desc describe distinct do else end except " +
    "false fetch for foreign from group having in initially intersect into lambda lateral leading limit not null offset on only or order pivot pivot_longer pivot_wider placing " +
    "primary qualify references returning select show some summarize symmetric table then to trailing true union unique unpivot using variadic when where window with " +
    // Names that are read as something else where a column may stand.
    "current_date current_time current_timestamp").split(" "),
);

/** A name, in quotes where it needs them. */
export function quoteName(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !reserved.has(name.toLowerCase()) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** A table with its schema, but for the schema that needs no mention. */
export function tableName(schema: string, table: string): string {
  return schema === "main" ? quoteName(table) : `${quoteName(schema)}.${quoteName(table)}`;
}

/** The name that a word of a statement stands for. */
export function unquote(word: string): string {
  if (!word.startsWith('"')) return word;
  const end = word.length > 1 && word.endsWith('"') ? -1 : undefined;
  return word.slice(1, end).replaceAll('""', '"');
}
