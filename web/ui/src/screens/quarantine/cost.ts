// What a mend takes away: a table is changed for good, and for every query, so it is said before.
import type { Schemas } from "@/api/client";

type Mend = Schemas["Mend"];

const numbers = ["BIGINT", "HUGEINT", "DOUBLE"];
const times = ["DATE", "TIMESTAMP"];

/** What queries lose by a mend of a column that has a type until then; nothing where they go on as before. */
export function costOf({ kind, column, path, type }: Mend, from: string | undefined): string | undefined {
  if (kind === "ignore") return `Values of ${path?.join(".") ?? ""} that come while it is ignored are lost for good${column ? `, and queries find NULL in ${column} of new rows` : ""}.`;
  if (kind !== "widen" || !column || !from || from === type) return undefined;
  if (type === "JSON" && from === "VARCHAR") return `Text stands in quotes then: conditions such as ${column} = 'this' will no longer hold. It cannot be undone.`;
  if (type !== "VARCHAR" && type !== "JSON") return undefined;
  if (numbers.includes(from)) return `sum() and avg() of ${column} will no longer work, and it will no longer be compared as a number, in queries, charts and dashboards alike. It cannot be undone.`;
  if (times.includes(from)) return `date_trunc() of ${column} will no longer work, and it will no longer be compared as a time, in queries, charts and dashboards alike. It cannot be undone.`;
  return `Queries will no longer find a ${from} in ${column}, but ${type}. It cannot be undone.`;
}

const few = 0.1;

/** Whether a mend is worth what it costs: what all events pay for a few of them is not. */
export function advised(mend: Mend, cost: string | undefined, held: number, events: number | undefined): boolean {
  if (cost === undefined) return true;
  return mend.kind !== "ignore" && events !== undefined && held >= events * few;
}
