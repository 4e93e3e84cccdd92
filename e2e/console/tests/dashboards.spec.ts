import { expect, test } from "../helios";

test.describe("dashboards", () => {
  test.use({ rate: 50 });

  test("one is made, its panels moved, and it is the same for whoever has the link", async ({ page, helios, context }) => {
    await helios.until("SELECT count(*) > 100 FROM storefront", true);
    await helios.api("POST", "/saved-queries", {
      name: "Events by kind",
      sql: "SELECT event_type, count(*) AS events FROM storefront WHERE _arrived_at >= $from AND _arrived_at < $to GROUP BY 1 ORDER BY 2 DESC",
      chart: { kind: "bar", x: "event_type", y: ["events"] },
    });
    await page.goto("/dashboards");
    await page.getByRole("button", { name: "New dashboard" }).click();
    await page.getByRole("dialog").getByLabel("Title").fill("On call");
    await page.getByRole("dialog").getByRole("button", { name: "Make it" }).click();
    await expect(page).toHaveURL(/\/dashboards\/on-call/);
    await page.getByRole("button", { name: "Add a panel" }).first().click();
    await page.getByRole("dialog").getByRole("button", { name: "Add Events by kind" }).click();
    await page.keyboard.press("Escape");
    const panel = page.getByRole("group", { name: "Events by kind" });
    await expect(panel.getByRole("img")).toHaveAttribute("aria-label", /page_view|event_type/);
    // Moved and made wider by keyboard alone.
    const grip = page.getByRole("button", { name: "Move or resize Events by kind with the arrow keys" });
    await grip.focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+ArrowRight");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await expect.poll(async () => (await helios.api<{ panels: { layout: { x: number } }[] }>("GET", "/dashboards/on-call")).panels[0]?.layout.x).toBe(1);
    const layout = (await helios.api<{ panels: { layout: unknown }[] }>("GET", "/dashboards/on-call")).panels[0]!.layout;

    await page.reload();
    await expect(panel.getByRole("img")).toHaveAttribute("aria-label", /page_view|event_type/);
    await page.getByLabel("Time range").selectOption({ label: "Last 15 minutes" });
    await expect(page).toHaveURL(/range=/);
    const other = await context.newPage();
    await other.goto(page.url());
    await expect(other.getByRole("group", { name: "Events by kind" }).getByRole("img")).toBeVisible();
    await expect(other.getByLabel("Time range").locator("option:checked")).toHaveText("Last 15 minutes");
    await other.close();

    // Exported, deleted, imported: the same again.
    const bundle = await helios.api<{ dashboards: unknown[]; queries: unknown[] }>("GET", "/dashboards/on-call/export");
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("dialog").getByLabel(/Type On call/).fill("On call");
    await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
    await expect(page).toHaveURL(/\/dashboards$/);
    await page.getByRole("button", { name: "Import" }).click();
    await page.getByRole("dialog").getByLabel("Or pasted").fill(JSON.stringify({ dashboards: bundle.dashboards, queries: [] }));
    await page.getByRole("dialog").getByRole("button", { name: "Import" }).click();
    await expect(page).toHaveURL(/\/dashboards\/on-call/);
    expect((await helios.api<{ panels: { layout: unknown }[] }>("GET", "/dashboards/on-call")).panels[0]!.layout).toEqual(layout);
  });

  test("the storefront's panels all show something", async ({ page, helios }) => {
    await helios.until("SELECT count(*) > 500 FROM storefront", true);
    await page.goto("/dashboards/storefront");
    const { panels } = await helios.api<{ panels: { title: string }[] }>("GET", "/dashboards/storefront");
    expect(panels.length).toBeGreaterThan(5);
    for (const { title } of panels) await expect(page.getByRole("group", { name: title, exact: true })).toBeVisible();
    await expect(page.getByRole("main").getByRole("alert")).toHaveCount(0);
    await expect(page.getByRole("group", { name: "Top products", exact: true }).getByRole("img")).toBeVisible();
  });
});
