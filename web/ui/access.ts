// Who may use which route of the API, read from its description: the console offers what the server allows, without a table of its own.
import { readFileSync } from "node:fs";

interface Operation {
  "x-helios-role"?: string;
  "x-helios-all-tables"?: boolean;
}

/** By method and path, what routes need; those that every role may use are left out. */
export function access(): Record<string, { role: string; whole: boolean }> {
  const { paths } = JSON.parse(readFileSync(new URL("../../internal/api/testdata/openapi.json", import.meta.url), "utf8")) as { paths: Record<string, Record<string, Operation>> };
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, op]) => [`${method.toUpperCase()} ${path}`, { role: op["x-helios-role"] ?? "viewer", whole: op["x-helios-all-tables"] ?? false }] as const),
  );
  return Object.fromEntries(all.filter(([, needs]) => needs.role !== "viewer" || needs.whole));
}
