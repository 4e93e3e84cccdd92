import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { readFileSync } from "node:fs";
import { expect, password, signIn, test, type Helios } from "../helios";

const main = (page: Page) => page.getByRole("main");
const row = (page: Page, table: string, of: string) => page.getByRole("table", { name: table }).getByRole("row").filter({ hasText: of });

/** A request as a program makes it: with a token, and nothing else. */
function withToken(helios: Helios, token: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${helios.url}/api/v1${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
}

test.describe("people", () => {
  test.use({ rate: 200 });

  test("an admin invites somebody, who sets a password and has the role that was given, no more and no less", async ({ page, context, helios, watch }) => {
    await helios.until("SELECT count(*) > 0 FROM storefront", true);
    const admin = await helios.addUser("admin");
    await page.goto("/sign-in");
    await signIn(page, admin);
    await page.goto("/settings?tab=users");
    await page.getByRole("button", { name: "Invite" }).click();
    const invite = page.getByRole("dialog");
    await invite.getByLabel("E-mail address").fill("grace@example.com");
    await invite.getByLabel("Role").selectOption("analyst");
    await invite.getByLabel("Only some tables").check();
    await invite.getByLabel("storefront").check();
    await page.keyboard.press("Enter");
    await expect(invite).toContainText("grace@example.com is invited");
    const link = (await invite.getByLabel("Copy the link").first().textContent()) ?? "";
    expect(link).toMatch(new RegExp(`^${helios.url}/reset#[\\w-]{20,}$`));
    await expect(invite).toContainText("in 24 h");
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    await invite.getByRole("button", { name: "I have it" }).click();
    await expect(row(page, "Users", "grace@example.com")).toContainText("invited");

    const other = await context.browser()!.newContext({ baseURL: helios.url });
    const grace = await other.newPage();
    await grace.goto(link);
    await grace.getByLabel("New password", { exact: true }).fill(password);
    await grace.keyboard.press("Enter");
    await grace.getByRole("link", { name: "Sign in" }).click();
    await grace.getByLabel("E-mail").fill("grace@example.com");
    await grace.getByLabel("Password", { exact: true }).fill(password);
    await grace.keyboard.press("Enter");
    await expect(grace.getByRole("heading", { level: 1 })).toHaveText("Overview");
    await grace.goto("/profile");
    await expect(main(grace)).toContainText(/grace@example\.com.*analyst.*writes SQL.*a password.*storefront/);
    // What an analyst may not do is not offered, and a link to it explains.
    await grace.goto("/settings");
    await expect(grace.getByRole("tab")).toHaveText(["About", "Roles", "Limits", "API"]);
    await grace.goto("/settings?tab=users");
    await expect(main(grace)).toContainText("This needs the role admin");
    await expect(grace.getByRole("tab")).toHaveCount(0);

    // The last admin stays one: the server says why.
    await page.getByRole("button", { name: `What to do about ${admin}` }).click();
    await page.getByRole("menuitem", { name: "Delete…" }).click();
    const asked = page.getByRole("dialog");
    await expect(asked.getByRole("button", { name: "Delete the account" })).toBeDisabled();
    await asked.getByLabel(/Type/).fill(admin);
    await watch.expectingErrors(async () => {
      await page.keyboard.press("Enter");
      await expect(asked.getByRole("alert")).toContainText(/admin/);
    });
    await page.keyboard.press("Escape");

    // Another role ends the sessions, and disabling ends everything.
    await page.getByRole("button", { name: "What to do about grace@example.com" }).click();
    await page.getByRole("menuitem", { name: "Role and tables…" }).click();
    await page.getByRole("dialog").getByLabel("Role").selectOption("viewer");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(row(page, "Users", "grace@example.com")).toContainText("viewer");
    await grace.goto("/");
    await expect(grace).toHaveURL(/\/sign-in/);
    await page.getByRole("button", { name: "What to do about grace@example.com" }).click();
    await page.getByRole("menuitem", { name: "Disable…" }).click();
    await page.getByRole("button", { name: "Disable the account" }).click();
    await expect(row(page, "Users", "grace@example.com")).toContainText("disabled");
    expect((await grace.request.post("/api/v1/auth/sign-in", { data: { email: "grace@example.com", password } })).status()).toBe(401);
    await other.close();
  });

  test("a token is shown once, does what it may until it is revoked, and the audit log tells all of it", async ({ page, helios }) => {
    await helios.until("SELECT count(*) > 0 FROM storefront", true);
    const admin = await helios.addUser("admin");
    await page.goto("/sign-in");
    await signIn(page, admin);
    await page.goto("/profile?new=token");
    const dialog = page.getByRole("dialog");
    await expect(dialog.getByLabel("Name")).toBeFocused();
    await page.keyboard.type("nightly report");
    await dialog.getByLabel("Only some tables").check();
    await dialog.getByLabel("storefront").check();
    await dialog.getByLabel("Expires").selectOption("in 7 days");
    await page.keyboard.press("Enter");
    await expect(dialog).toContainText("shown this once");
    const token = (await dialog.getByLabel("Copy the token").first().textContent()) ?? "";
    expect(token).toMatch(/^hls_\w{49}$/);
    await expect(dialog).toContainText(`export HELIOS_TOKEN=${token}`);
    await page.mouse.click(5, 5); // beside it: what is shown once is not lost by that
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    await dialog.getByRole("button", { name: "I have it" }).click();
    await expect(page).toHaveURL(`${helios.url}/profile`);

    const asked = await withToken(helios, token, "/query", { sql: "SELECT count(*) > 0 AS \"told by a token\" FROM storefront" });
    expect((await asked.json() as { rows: unknown[][] }).rows).toEqual([[true]]);
    expect((await withToken(helios, token, "/query", { sql: "FROM helios.audit" })).status).toBe(403);
    expect((await withToken(helios, token, "/users")).status).toBe(403);
    await page.reload();
    await expect(row(page, "API tokens", "nightly report")).toContainText(/analyst.*storefront.*in 7 d.*(just now|s ago)/);
    expect(await page.content()).not.toContain(token);
    await page.getByRole("button", { name: "Revoke nightly report" }).click();
    await expect(dialog).toContainText("Revoke the token nightly report");
    await dialog.getByRole("button", { name: "Revoke it" }).click();
    await expect(main(page)).toContainText("You have no tokens");
    expect((await withToken(helios, token, "/tables")).status).toBe(401);

    // The audit log: found by text, by action and by time, told to others by its address, as SQL, and as a file.
    await page.goto("/settings?tab=audit");
    const log = page.getByRole("table", { name: "Audit log" });
    await page.getByRole("searchbox", { name: "Find in the audit log" }).fill("told by a TOKEN");
    await expect(log.getByRole("button", { expanded: false })).toHaveCount(1);
    await expect(log.getByRole("row").filter({ hasText: "Run a query" })).toContainText(/nightly report.*token.*ok/);
    await page.getByRole("searchbox", { name: "Find in the audit log" }).fill("nightly report");
    await expect(log.getByRole("button", { name: "Revoke a token" })).toBeVisible();
    await expect(log.getByRole("row").filter({ hasText: "helios.audit" })).toContainText("refused");
    await page.getByLabel("Action").selectOption("Make a token");
    await page.getByLabel("Time").selectOption("The last hour");
    await expect(log.getByRole("button", { expanded: false })).toHaveCount(1);
    await log.getByRole("button", { name: "Make a token" }).click();
    await expect(log).toContainText('"expires_at"');
    await expect(page).toHaveURL(/tab=audit&find=nightly\+report&action=token\.create&range=1h&open=/);
    await page.reload();
    await expect(log).toContainText('"expires_at"');

    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export" }).click();
    const lines = readFileSync(await (await download).path(), "utf8").trim().split("\n").map((l) => JSON.parse(l) as { action: string; target: string });
    expect(lines.map((e) => `${e.action} ${e.target}`)).toEqual(["token.create nightly report"]);
    await page.getByRole("link", { name: "Open as SQL" }).click();
    await page.getByRole("button", { name: /^Run/ }).first().click();
    await expect(page.getByRole("grid")).toContainText("nightly report");
    expect(JSON.stringify(await helios.rows("SELECT * FROM helios.audit"))).not.toContain(token);
  });

  test("one changes the password and ends sessions elsewhere, and stays signed in here", async ({ page, context, helios, watch }) => {
    const ada = await helios.addUser("viewer", { name: "ada" });
    const elsewhere = await context.browser()!.newContext({ baseURL: helios.url });
    const phone = await elsewhere.newPage();
    await signIn(phone, ada);
    await page.goto("/sign-in");
    await signIn(page, ada);
    await page.goto("/profile");
    const sessions = page.getByRole("listitem").filter({ hasText: "signed in" });
    await expect(sessions).toHaveCount(2);
    await expect(sessions.filter({ hasText: "this one" })).toContainText("Chrome on Linux");
    await sessions.filter({ hasNotText: "this one" }).getByRole("button", { name: /^End the session/ }).click();
    await page.getByRole("button", { name: "End it" }).click();
    await expect(sessions).toHaveCount(1);
    await phone.goto("/profile");
    await expect(phone).toHaveURL(/\/sign-in/);

    await signIn(phone, ada);
    await page.getByLabel("Current password").fill("not my password");
    await page.getByLabel("New password").fill("short");
    await page.keyboard.press("Enter");
    await expect(main(page)).toContainText("7 more characters.");
    await page.getByLabel("New password").fill("another horse, another battery");
    await watch.expectingErrors(async () => {
      await page.keyboard.press("Enter");
      await expect(page.getByRole("alert")).toContainText("wrong");
    });
    await page.getByLabel("Current password").fill(password);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("status").filter({ hasText: "The password is changed" })).toBeVisible();
    await expect(sessions).toHaveCount(1);
    expect((await phone.request.get("/api/v1/auth/sessions")).status()).toBe(401);
    await page.getByRole("button", { name: "Sign out everywhere" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere" }).click();
    await expect(page).toHaveURL(/\/sign-in/);
    await page.goto("/profile");
    await expect(page).toHaveURL(/\/sign-in/);
    await elsewhere.close();
  });
});
