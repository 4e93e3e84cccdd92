import { expect, test } from "vitest";
import type { User } from "@/accounts/queries";
import { signsInWith, stateOf } from "./state";

const user = (u: Partial<User>): User => ({ id: "1", email: "a@example.com", role: "viewer", limited: false, tables: [], disabled: false, has_password: true, created_at: "", updated_at: "", ...u });

test("who has no password is invited, unless a provider vouches for them", () => {
  expect(stateOf(user({ has_password: false }))?.label).toBe("invited");
  expect(stateOf(user({ has_password: false, provider: "Example" }))).toBeUndefined();
  expect(signsInWith(user({ has_password: false, provider: "Example" }))).toBe("Example");
});

test("that somebody is disabled is what counts", () => {
  expect(stateOf(user({ has_password: false, disabled: true }))?.label).toBe("disabled");
  expect(stateOf(user({ barred: true, provider: "Example" }))?.label).toBe("barred");
  expect(stateOf(user({}))).toBeUndefined();
  expect(signsInWith(user({ provider: "" }))).toBe("password");
});
