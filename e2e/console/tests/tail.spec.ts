import { expect, test } from "../helios";

test.describe("live tail", () => {
  test.use({ rate: 2000 });

  test("under 2,000 events a second it stays usable, and says what it leaves out", async ({ page }) => {
    await page.goto("/tail?source=storefront");
    const list = page.getByRole("treegrid", { name: "Events" });
    await expect(list).toBeVisible();
    await expect(page.getByText("Live", { exact: true })).toBeVisible();
    await expect(page.getByText(/an even sample/)).toBeVisible();
    // The page answers while they come: it pauses at once.
    const started = Date.now();
    await page.getByRole("button", { name: /^Pause/ }).click();
    await expect(page.getByText("Paused", { exact: true })).toBeVisible();
    expect(Date.now() - started).toBeLessThan(5000);
    await expect(page.getByText(/came meanwhile/)).toBeVisible();
    await page.getByRole("button", { name: /^Go on/ }).click();
    await expect(page.getByText("Live", { exact: true })).toBeVisible();
    // What is on the page is bounded, however much comes.
    expect(await page.locator("[role=row]").count()).toBeLessThan(300);
  });

  test("filters by field and text on the server, expands, and leads to the row", async ({ page, helios }) => {
    await page.goto("/tail?source=storefront&filter=event_type%3Dpurchase");
    const list = page.getByRole("treegrid", { name: "Events" });
    await expect(list.getByRole("row").first()).toContainText("purchase");
    await page.getByLabel("Text in the event").fill("mobile");
    await expect(page).toHaveURL(/text=mobile/);
    await expect(list.getByRole("row").first()).toContainText("mobile");
    await page.getByRole("button", { name: /^Pause/ }).click();
    const texts = await list.getByRole("row").allTextContents();
    for (const text of texts.filter((t) => t.includes("{"))) {
      expect(text).toContain("purchase");
    }
    await list.getByRole("row").filter({ hasText: "purchase" }).last().click();
    await expect(page.getByRole("group", { name: "The event" })).toContainText("order_id");
    await page.getByRole("link", { name: /row|table/i }).first().click();
    await expect(page).toHaveURL(/\/sql/);
    await page.getByRole("button", { name: /^Run/ }).first().click();
    await expect(page.getByRole("grid")).toContainText("purchase");
    expect(await helios.rows("SELECT count(*) > 0 FROM storefront WHERE event_type = 'purchase'")).toEqual([[true]]);
  });
});
