import type { Page } from "@playwright/test";
import { expect, password, signIn, test } from "../helios";

const main = (page: Page) => page.getByRole("main");
const dialog = (page: Page) => page.getByRole("dialog", { name: "Your session has ended" });

async function fillIn(page: Page, email: string, secret = password): Promise<void> {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(secret);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

test.describe("the first account", () => {
  test.use({ command: "serve" });

  test("is made with the link that the server prints, once", async ({ page, context, helios, watch }) => {
    let link = "";
    await expect.poll(() => (link = /http\S+\/setup#[\w-]+/.exec(helios.said)?.[0] ?? "")).not.toBe("");
    await page.goto(link);
    const secret = page.getByLabel("New password", { exact: true });
    await page.getByLabel("E-mail").fill("ada@example.com");
    await secret.fill("too short");
    expect(page.url(), "the secret is in the address no longer than it takes to read it").toBe(`${helios.url}/setup`);
    await secret.press("Enter");
    await expect(page.getByText("3 more characters.")).toBeVisible();
    await secret.fill(password);
    await page.getByRole("button", { name: "Show the password" }).click();
    await expect(secret).toHaveAttribute("type", "text");
    await secret.press("Enter");
    await expect(main(page)).toContainText("No stream is connected yet");
    await expect(page.getByRole("button", { name: "ada@example.com, admin" })).toBeVisible();
    await page.goBack();
    expect(page.url()).not.toContain(link.split("#")[1]);

    const stranger = await context.browser()!.newPage({ baseURL: helios.url });
    await stranger.goto("/dashboards");
    await expect(stranger).toHaveURL(/\/sign-in\?return_to=%2Fdashboards$/);
    await stranger.close();
    await watch.expectingErrors(async () => {
      await page.goto("/sql"); // another document: the hash alone would load nothing
      await page.goto(link);
      await expect(page.getByRole("alert")).toContainText("of no use any more");
    });
  });
});

test.describe("who is signed in", () => {
  test("comes back to where they wanted to go, and leaves every tab when they sign out", async ({ page, context, helios, watch }) => {
    await helios.addUser("admin");
    await page.goto("/sql?sql=SELECT%20'%26%23'&view=both#there");
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    await watch.expectingErrors(async () => {
      await fillIn(page, "admin@example.com", "not the password");
      await expect(page.getByRole("alert")).toContainText("wrong");
      // The next try begins where the last one failed.
      await expect(page.getByLabel("Password", { exact: true })).toBeFocused();
    });
    await fillIn(page, "admin@example.com");
    await expect(page.getByRole("textbox", { name: /^SQL/ })).toContainText("SELECT '&#'");

    const other = await context.newPage();
    await other.goto("/quarantine?order=newest");
    await expect(other.getByRole("heading", { name: "Quarantine", exact: true })).toBeVisible();
    await page.goto("/settings");
    await page.getByRole("button", { name: "admin@example.com, admin" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await expect(page).toHaveURL(`${helios.url}/sign-in`);
    await expect(other).toHaveURL(/\/sign-in\?return_to=%2Fquarantine%3Forder%3Dnewest$/);
    // Where there is a provider, it is asked to bring them back to the same place.
    const state = (await (await page.request.get("/api/v1/auth/state")).json()) as object;
    await page.route("**/api/v1/auth/state", (route) => route.fulfill({ json: { ...state, oidc: { name: "Example" } } }));
    await page.goto("/tail?source=a&text=b");
    await expect(page.getByRole("link", { name: "Sign in with Example" })).toHaveAttribute("href", `/api/v1/auth/oidc/start?return_to=${encodeURIComponent("/tail?source=a&text=b")}`);
    await page.goto("/sign-in?error=expired&return_to=//elsewhere.example");
    await expect(page.getByRole("alert")).toContainText("Begin it once more");
    await page.unrouteAll({ behavior: "ignoreErrors" });
    // And in all tabs they are back with one sign-in.
    await fillIn(page, "admin@example.com");
    await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
    await expect(other.getByRole("heading", { name: "Quarantine", exact: true })).toBeVisible();
    expect(other.url()).toBe(`${helios.url}/quarantine?order=newest`);
  });

  test("goes on where they were after the session has ended, and nobody else does", async ({ page, helios, watch }) => {
    const [ada, ben] = [await helios.addUser("analyst", { name: "ada" }), await helios.addUser("viewer", { name: "ben" })];
    await page.goto("/");
    await signIn(page, ada);
    await page.goto("/sql");
    const editor = page.getByRole("textbox", { name: /^SQL/ });
    await editor.fill("SELECT 40 + 2 AS unsaved");
    await watch.expectingErrors(async () => {
      await helios.endSessions(ada);
      await page.getByRole("button", { name: /^Run/ }).first().click();
      await expect(dialog(page)).toBeVisible();
      await page.keyboard.press("Escape"); // there is no way around it
      await expect(dialog(page).getByLabel("Password", { exact: true })).toBeFocused();
      await page.keyboard.type(password);
      await page.keyboard.press("Enter");
      // What was asked for runs by itself.
      await expect(page.getByRole("grid")).toContainText("42");
      await expect(dialog(page)).toBeHidden();
      await expect(editor).toContainText("40 + 2 AS unsaved");

      await helios.endSessions(ada);
      await page.getByRole("button", { name: /^Run/ }).first().click();
      await fillIn(page, ben);
      await expect(main(page)).toContainText("This needs the role analyst");
    });
    expect(await page.evaluate(() => Object.keys(localStorage).filter((k) => k.startsWith("helios.sql.tabs"))), "each person has tabs of their own").toHaveLength(1);
    await signIn(page, ada);
    await page.goto("/sql");
    await expect(editor).toContainText("40 + 2 AS unsaved");
  });
});

test.describe("roles", () => {
  test.use({ rate: 500 });

  test("a viewer is offered what a viewer may do, and a link beyond it explains", async ({ page, helios }) => {
    await helios.until("SELECT count(*) > 0 FROM quarantine.storefront", true);
    await helios.addUser("viewer");
    await page.goto("/");
    await signIn(page, "viewer@example.com");
    await page.goto("/");
    await expect(page.getByRole("navigation", { name: "Main" }).getByRole("link")).toHaveText(["Overview", "Saved queries", "Dashboards", "Settings"]);
    await expect(main(page).getByRole("table", { name: "Sources" })).toContainText("storefront");
    await expect(main(page).getByRole("link", { name: /Connect|SQL|quarantine/ })).toHaveCount(0);
    await main(page).getByRole("button", { name: "Actions for storefront" }).click();
    await expect(page.getByRole("menuitem")).toHaveText(["Copy as curl"]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: /Search/ }).fill("tail");
    await expect(page.getByText("Nothing is called that.")).toBeVisible();
    await page.keyboard.press("Escape");

    // Dashboards show their panels, and are as they are.
    await page.goto("/dashboards/storefront");
    await expect(page.getByRole("group", { name: "Visitors", exact: true }).getByRole("definition")).toHaveText(/\d/);
    await expect(page.getByRole("button", { name: "Edit", exact: true })).toHaveCount(0);
    await page.keyboard.press("e");
    await expect(page.getByRole("button", { name: "Stop editing" })).toHaveCount(0);

    // What others wrote can be run, with other parameters too.
    await page.getByRole("link", { name: "Saved queries" }).click();
    await page.getByRole("link", { name: "Storefront top products" }).click();
    await expect(page.getByRole("region", { name: "Result" })).toContainText(/\d+ rows/);
    await page.getByLabel("Time range").selectOption("now-15m");
    await expect(page).toHaveURL(/now-15m/);
    await expect(page.getByRole("region", { name: "Result" })).toContainText(/\d+ rows/);

    for (const [path, role] of Object.entries({ "/sql?sql=SELECT%201": "analyst", "/tail?source=storefront": "analyst", "/quarantine": "analyst", "/connect": "editor", "/sources/storefront?tab=settings": "editor" })) {
      await page.goto(path);
      await expect(main(page)).toContainText(`This needs the role ${role}`);
      await expect(main(page)).toContainText("You are a viewer");
    }
    await page.goto("/settings/limits"); // as people type it
    await expect(page).toHaveURL(/\/settings\?tab=limits$/);
    await expect(main(page)).toContainText("limits.queries_per_minute");
    await page.keyboard.press("ControlOrMeta+k");
    await expect(page.getByRole("option", { name: "New API token" })).toBeVisible();
    await expect(page.getByRole("option", { name: /^(Users|Tokens|Audit log|Invite a user)$/ })).toHaveCount(0);
    await page.keyboard.press("Escape");
    await page.goto("/sources/storefront?tab=schema");
    await expect(page.getByRole("region", { name: "Columns" })).toContainText("event_type");
    await expect(main(page).getByRole("button", { name: /Pause|Add|Ignore/ })).toHaveCount(0);
  });

  test("who may read only tables that are not there yet is told so, and of nothing else", async ({ page, helios }) => {
    await helios.addUser("analyst", { tables: "orders" });
    for (const path of ["/", "/sql", "/quarantine", "/tail"]) {
      await page.goto(path);
      if (path === "/") await fillIn(page, "analyst@example.com");
      await expect(main(page)).toContainText("You may read only some tables: orders.");
      await expect(main(page)).not.toContainText(/No stream is connected|every event became|Asking for|There is no table/);
    }
  });

  test("an analyst asks anything of the tables that are theirs, and changes no source", async ({ page, helios, watch }) => {
    await helios.until("SELECT count(*) > 0 FROM quarantine.storefront", true);
    await helios.addUser("analyst", { tables: "storefront" });
    await page.goto("/");
    await signIn(page, "analyst@example.com");
    await page.goto("/sql");
    const tables = page.getByRole("region", { name: "Tables", exact: true });
    await expect(tables).toContainText("storefront");
    await expect(page.getByText("helios.audit")).toHaveCount(0);
    await page.getByRole("textbox", { name: /^SQL/ }).fill("SELECT count(*) > 0 AS some FROM storefront");
    await page.keyboard.press("Control+Enter");
    await expect(page.getByRole("grid")).toContainText("true");
    await page.goto("/quarantine?table=storefront");
    await expect(page.getByRole("region", { name: "Events" }).getByRole("article").first()).toBeVisible();
    await expect(main(page).getByRole("button", { name: /Try again|Replay/ })).toHaveCount(0);

    // The tail says why it ended when its reader may not see it any more.
    await page.goto("/tail?source=storefront");
    await expect(main(page)).toContainText("product_view");
    const again = async () => {
      await expect(dialog(page)).toBeVisible();
      await dialog(page).getByLabel("Password", { exact: true }).fill(password);
      await page.keyboard.press("Enter");
      await expect(dialog(page)).toBeHidden();
    };
    await watch.expectingErrors(async () => {
      await helios.endSessions("analyst@example.com");
      await again();
      await expect(main(page)).toContainText("product_view");
      // Who has another role signs in anew, and what they see is that role's.
      await helios.setRole("analyst@example.com", "viewer");
      await again();
      await expect(main(page)).toContainText("This needs the role analyst");
      await expect(page.getByRole("navigation", { name: "Main" })).not.toContainText("Live tail");
    });
  });
});
