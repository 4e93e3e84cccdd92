// Formatting is a chunk of its own: most visits never need it.
import { duckdb, formatDialect } from "sql-formatter";

/** The text as it is best read. It throws where the text cannot be understood. */
export function format(sql: string): string {
  return formatDialect(sql, { dialect: duckdb, keywordCase: "upper", tabWidth: 2, linesBetweenQueries: 1, paramTypes: { named: ["$"], positional: true } });
}
