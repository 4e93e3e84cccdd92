import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { actionGroups, actionName } from "./actions";

const source = (path: string) => readFileSync(new URL(`../../../../../../internal/${path}`, import.meta.url), "utf8");
const found = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((m) => m[1]!);

test("every action that the server writes has words, and there are words for no other", () => {
  const written = new Set([
    ...found(source("api/access.go"), /action: "([^"]+)"/g),
    ...found(source("api/audit.go"), /\baction\w+\s+= "([^"]+)"/g),
    ...found(source("api/audit.go"), /cmp\.Or\(e\.Action, "([^"]+)"\)/g),
    ...found(source("auth/audit.go"), /\bAction\w+\s+= "([^"]+)"/g),
  ]);
  expect(actionGroups.flatMap((g) => Object.keys(g.actions)).sort()).toEqual([...written].sort());
});

test("what is not known is told as it is written", () => {
  expect(actionName("query.run")).toBe("Run a query");
  expect(actionName("moon.land")).toBe("moon.land");
  expect(actionName("constructor")).toBe("constructor");
});
