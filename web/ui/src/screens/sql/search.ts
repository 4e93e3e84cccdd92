import { text } from "@/lib/search";

/** What the address of the SQL screen says: a statement to open, or a saved query. */
export const sqlSearch = (raw: Record<string, unknown>): { sql?: string; saved?: string } => ({ sql: text(raw, "sql"), saved: text(raw, "saved") });
