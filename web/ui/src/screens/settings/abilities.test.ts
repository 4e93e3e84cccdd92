import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { abilities, needsOf } from "./abilities";

interface Description {
  paths: Record<string, Record<string, { "x-helios-role"?: string; "x-helios-all-tables"?: boolean }>>;
}

test("the settings tell of every route that takes a role, and of what the server asks for", () => {
  const { paths } = JSON.parse(readFileSync(new URL("../../../../../internal/api/testdata/openapi.json", import.meta.url), "utf8")) as Description;
  const enforced = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, o]) => (o["x-helios-role"] ? [[`${method.toUpperCase()} ${path}`, o["x-helios-role"], o["x-helios-all-tables"] ?? false]] : [])),
  );
  const told = abilities.flatMap((g) => g.abilities.flatMap((a) => a.routes.map((route) => [route, needsOf(a).role, needsOf(a).whole])));
  expect(told.sort()).toEqual(enforced.sort());
});
