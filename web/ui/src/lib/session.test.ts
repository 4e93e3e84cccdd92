import { expect, test } from "vitest";
import { roles, sessionOf, type Me } from "./session";

const somebody = (role: Me["role"], limited = false): Me => ({ kind: "user", id: "u", name: "u@example.com", role, limited, tables: [] });
const as = (me: Me) => sessionOf({ accounts: true, me });

test("a role may do what those before it may", () => {
  expect(roles.map((r) => as(somebody(r)).may("editor"))).toEqual([false, false, true, true]);
  expect(sessionOf({ accounts: true }).may("viewer")).toBe(false);
  expect(sessionOf(undefined).may("viewer")).toBe(false);
});

test("what is offered is what the server's own table allows", () => {
  const can = (role: Me["role"]) => ["POST /api/v1/saved-queries/{id}/run", "POST /api/v1/query", "PATCH /api/v1/sources/{name}", "POST /api/v1/users"].map((r) => as(somebody(role)).can(r as "POST /api/v1/query"));
  expect(roles.map(can)).toEqual([
    [true, false, false, false],
    [true, true, false, false],
    [true, true, true, false],
    [true, true, true, true],
  ]);
});

test("who may read only some tables is not led to what tells of all", () => {
  expect(as(somebody("editor", true)).can("PATCH /api/v1/sources/{name}")).toBe(true);
  expect(as(somebody("editor", true)).reaches("/connect")).toBe(false);
  expect(as(somebody("editor")).reaches("/connect")).toBe(true);
});

test("an open house lets everybody do everything, and the door is there for those whom nobody knows", () => {
  const open = sessionOf({ accounts: false, me: { ...somebody("admin"), kind: "open", id: "", name: "" } });
  expect(open.may("admin") && open.can("DELETE /api/v1/users/{id}") && open.reaches("/connect")).toBe(true);
  expect(sessionOf({ accounts: true }).reaches("/sign-in")).toBe(true);
  expect(sessionOf({ accounts: true }).reaches("/")).toBe(false);
});
