import { expect, test } from "vitest";
import { inside, signInSearch } from "./search";

test("an address of this console is gone back to as it was", () => {
  for (const address of ["/", "/sql?sql=SELECT%201&tab=a", "/tail?source=a&filter=%5B%22b%22%5D#c", "/dashboards/store%2Ffront"]) expect(inside(address)).toBe(address);
});

test("no other address is", () => {
  for (const address of [undefined, "", "sql", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "https://evil.example/", "javascript:alert(1)", "/.//evil.example", "/x/..//evil.example", "/sign-in?return_to=/", "/setup", "/api/v1/auth/oidc/start"]) {
    expect(inside(address), address).toBeUndefined();
  }
});

test("an error that nobody has told of is not repeated", () => {
  expect(signInSearch({ error: "no_role" }).error).toBe("no_role");
  expect(signInSearch({ error: "unverified" }).error).toBe("unverified");
  expect(signInSearch({ error: "<b>call this number</b>" }).error).toBeUndefined();
});
