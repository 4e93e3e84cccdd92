import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { abilities } from "./abilities";

interface Description {
  paths: Record<string, Record<string, { "x-helios-role"?: string }>>;
}

// What the server enforces: its description is made of the table of its own that decides.
const described = JSON.parse(readFileSync(new URL("../../../../../internal/api/testdata/openapi.json", import.meta.url), "utf8")) as Description;

test("the roles in the settings are those that the server asks for, for every route and for no other", () => {
  const enforced = Object.entries(described.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, operation]) => (operation["x-helios-role"] ? [`${method.toUpperCase()} ${path}: ${operation["x-helios-role"]}`] : [])),
  );
  const told = abilities.flatMap((g) => g.abilities.flatMap((a) => a.routes.map((route) => `${route}: ${a.role}`)));
  expect(told.sort()).toEqual(enforced.sort());
});
