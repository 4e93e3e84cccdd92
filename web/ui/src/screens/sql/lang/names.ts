// Names of tables and columns as they stand in a statement.
import { sqlName } from "@/lib/sql";

/** A table with its schema, but for the schema that needs no mention. */
export function tableName(schema: string, table: string): string {
  return schema === "main" ? sqlName(table) : `${sqlName(schema)}.${sqlName(table)}`;
}

/** The name that a word of a statement stands for. */
export function unquote(word: string): string {
  if (!word.startsWith('"')) return word;
  const end = word.length > 1 && word.endsWith('"') ? -1 : undefined;
  return word.slice(1, end).replaceAll('""', '"');
}
