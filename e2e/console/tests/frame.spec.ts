import { expect, test } from "../helios";
import { open, openScreens } from "../screens";

test.describe("the frame", () => {
  test.use({ rate: 500 });

  test("every screen has an address, and is reached by keyboard alone", async ({ page, helios, watch }) => {
    await helios.until("SELECT count(*) > 0 FROM quarantine.storefront WHERE field = 'product.price'", true);
    for (const screen of openScreens) await open(page, helios, screen, watch);
    await page.goto("/");
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible(); // the page knows who asks
    await page.keyboard.press("Control+k");
    await expect(page.getByRole("combobox", { name: /Search/ })).toBeFocused();
    await page.keyboard.type("quaran");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { level: 1 })).toContainText("Quarantine");
    await page.keyboard.press("?");
    await expect(page.getByRole("dialog")).toContainText("Command palette");
    await page.keyboard.press("Escape");
    await page.keyboard.press("g");
    await page.keyboard.press("s");
    await expect(page).toHaveURL(/\/sql/);
  });

  test("a server that restarts while the page is open is noticed, and the page goes on by itself", async ({ page, helios, watch }) => {
    await page.goto("/");
    await expect(page.getByRole("main")).toContainText("storefront");
    await watch.expectingErrors(async () => {
      await helios.stop("SIGKILL");
      await expect(page.getByRole("alert").filter({ hasText: "does not answer" })).toBeVisible();
      await helios.start();
      await expect(page.getByRole("alert").filter({ hasText: "does not answer" })).toBeHidden({ timeout: 30_000 });
    });
    await expect(page.getByRole("main")).toContainText("storefront");
  });

  test("a part that is asked for while the server is down comes when it is back", async ({ page, helios, watch }) => {
    await page.goto("/");
    await expect(page.getByRole("main")).toContainText("storefront");
    await watch.expectingErrors(async () => {
      await helios.stop("SIGKILL");
      await page.getByRole("link", { name: "Settings", exact: true }).click();
      await page.keyboard.press("?");
      await expect(page.getByRole("alert").filter({ hasText: "does not answer" })).toBeVisible();
      await helios.start();
      await expect(page.getByRole("dialog")).toContainText("Command palette");
    });
    await page.keyboard.press("Escape");
    await expect(page.getByRole("heading", { level: 1 })).toContainText("Settings");
  });

  test("a query that was run while the server was down runs once more when it is back", async ({ page, helios, watch }) => {
    await page.goto("/sql?sql=SELECT%201%20AS%20before");
    const result = page.getByRole("region", { name: "Result" });
    await expect(result).toContainText("1 row");
    let runs = 0;
    page.on("request", (request) => (runs += request.postData()?.includes("SELECT 1 AS before") ? 1 : 0));
    await watch.expectingErrors(async () => {
      await helios.stop("SIGKILL");
      await page.getByRole("button", { name: /^Run/ }).first().click();
      await expect(result.getByRole("alert")).toContainText("runs again when it is back");
      await helios.start();
      await expect(result.getByRole("alert")).toBeHidden({ timeout: 30_000 });
    });
    await expect(result).toContainText("1 row");
    expect(runs).toBe(2);
  });

  test("a page whose server has become another version loads itself again", async ({ page, watch }) => {
    await page.goto("/");
    await expect(page.getByRole("main")).toContainText("storefront");
    // Another version has other files: what this page knows is gone, until it is loaded again.
    let again = false;
    page.on("request", (request) => (again ||= request.isNavigationRequest()));
    await page.route("**/assets/**", (route) => (again ? route.continue() : route.fulfill({ status: 404 })));
    await watch.expectingErrors(async () => {
      await page.keyboard.press("g");
      await page.keyboard.press("q");
      await expect(page.getByRole("heading", { level: 1 })).toContainText("Quarantine");
    });
  });

  test("what is typed right after the palette's shortcut is typed into it, however late it comes", async ({ page }) => {
    // Its file is the last to come: until then something else takes what is typed.
    let arrive = () => {};
    const asked = new Promise<void>((done) => (arrive = done));
    await page.route(/\/assets\/palette-/, async (route) => {
      await asked;
      await route.continue();
    });
    await page.goto("/settings");
    await page.getByRole("tab", { name: "About" }).focus();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("live ");
    await expect(page.getByRole("dialog").getByRole("textbox")).toHaveValue("live ");
    arrive();
    const search = page.getByRole("combobox", { name: /Search/ });
    await expect(search).toBeFocused();
    await page.keyboard.type("tail");
    await expect(search).toHaveValue("live tail");
    // Where the focus was, it is again.
    await page.keyboard.press("Escape");
    await expect(page.getByRole("tab", { name: "About" })).toBeFocused();
  });

  test("a source that is removed while it is looked at says so", async ({ page, helios, watch }) => {
    await page.goto("/sources/storefront");
    await expect(page.getByRole("region", { name: "Shards" })).toContainText("shardId-");
    await watch.expectingErrors(async () => {
      await helios.api("DELETE", "/sources/storefront");
      await expect(page.getByRole("main")).toContainText("There is no source called storefront");
    });
  });

  test("a machine without a network goes on with the server that is on it", async ({ page }) => {
    await page.goto("/");
    await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
    await page.evaluate(() => window.dispatchEvent(new Event("offline")));
    for (let i = 0; i < 3; i++) await page.waitForResponse("**/api/v1/sources");
  });

  test("a mistyped address says so", async ({ page }) => {
    await page.goto("/nowhere");
    await expect(page.getByRole("heading", { level: 1 })).toContainText("Not found");
  });
});
