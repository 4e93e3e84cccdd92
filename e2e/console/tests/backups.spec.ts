import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, signIn, test } from "../helios";

test.describe("backups", () => {
  test.use({ rate: 200 });
  let place = "";
  test.beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), "helios-backups-"));
  });
  test.afterEach(() => rmSync(place, { recursive: true, force: true }));

  test("a backup is made from the settings, and one that fails says why there and on the overview", async ({ page, helios, watch }) => {
    await helios.until("SELECT count(*) > 100 FROM storefront", true);
    await page.goto("/settings?tab=backups");
    await expect(page.getByRole("heading", { name: "No backups are made by themselves" })).toBeVisible();
    const ask = async (to: string) => {
      await page.getByRole("button", { name: "Back up now" }).click();
      await page.getByRole("dialog").getByLabel("Place").fill(to);
      await page.getByRole("dialog").getByRole("button", { name: "Back up", exact: true }).click();
    };
    await watch.expectingErrors(async () => {
      await ask("backups");
      await expect(page.getByRole("dialog").getByRole("alert")).toContainText("relative path");
    });
    await page.keyboard.press("Escape");
    await ask(place);
    await expect(page.getByRole("dialog")).toBeHidden();
    await expect(page.getByRole("main")).toContainText("Last backup");
    await expect(page.getByRole("main")).toContainText("of 1 table");

    const file = join(place, "no directory");
    writeFileSync(file, "");
    await watch.expectingErrors(async () => {
      await ask(file); // told to who named it, and to nobody else
      await expect(page.getByRole("dialog").getByRole("alert")).toContainText("no directory");
    });
    await page.keyboard.press("Escape");
    await expect(page.getByText("The last backup failed")).toBeHidden();

    const full = join(place, "full");
    mkdirSync(full);
    writeFileSync(join(full, "objects"), ""); // where there must be a directory
    await ask(full);
    await expect(page.getByText("The last backup failed")).toBeVisible();
    await page.goto("/");
    const attention = page.getByRole("region", { name: "What needs attention" });
    await expect(attention).toContainText("The last backup failed");
    await attention.getByRole("link", { name: "See the backups" }).click();
    await expect(page).toHaveURL(/tab=backups/);
  });

  test("who is no admin is not offered them", async ({ page, helios }) => {
    const email = await helios.addUser("editor");
    await signIn(page, email);
    await page.goto("/settings");
    await expect(page.getByRole("tab", { name: "About" })).toBeVisible();
    await expect(page.getByRole("tab", { name: "Backups" })).toHaveCount(0);
  });
});
