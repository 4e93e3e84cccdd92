import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { expect, test } from "../helios";

const editor = (page: Page) => page.getByRole("textbox", { name: "SQL" });

/** Replaces what is in the editor, as a person types it. */
async function write(page: Page, sql: string) {
  await editor(page).focus(); // not by a click: a list may lie over it
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  await page.keyboard.insertText(sql);
}

/** Waits for what the editor offers and takes it. */
async function accept(page: Page, ...offered: string[]) {
  const list = page.locator(".cm-tooltip-autocomplete");
  for (const text of offered) await expect(list.getByRole("option", { selected: true })).toContainText(text);
  // The editor takes no Enter in the first 75 ms of a list: it was meant for the text.
  await page.waitForTimeout(150);
  await page.keyboard.press("Enter");
  await expect(list).toBeHidden();
}

test.describe("SQL", () => {
  test.use({ rate: 100 });

  test("completes tables, columns and functions, and marks an error at its place", async ({ page, helios, watch }) => {
    await helios.until("SELECT count(*) > 200 FROM storefront", true);
    await page.goto("/sql");
    await write(page, "");
    await page.keyboard.type("SELECT event_type, count(*) FROM storef");
    await accept(page, "storefront");
    await page.keyboard.type(" WHERE product_pri");
    await accept(page, "product_price", "DOUBLE");
    await page.keyboard.type(" > 10 GROUP BY 1 ORDER BY approx_coun");
    await accept(page, "approx_count_distinct");
    await expect(editor(page)).toHaveText(/FROM storefront WHERE product_price > 10 .* approx_count_distinct/);

    // Typed over a selection, text replaces it: one that brackets close around, and one that they do not.
    await page.keyboard.press("Control+a");
    await page.keyboard.type("x");
    await expect(editor(page)).toHaveText("x");

    await write(page, "SELECT 'ü', 'ü'\nFROM storefront\nWHERE no_such_column = 1");
    await watch.expectingErrors(async () => {
      await page.keyboard.press("Control+Enter");
      await expect(page.locator(".cm-lintRange-error")).toHaveText("no_such_column");
    });
    await expect(page.getByRole("region", { name: "Result" })).toContainText(/no_such_column/);

    await write(page, "SELECT event_type, count(*) AS events FROM storefront GROUP BY 1 ORDER BY 2 DESC");
    await page.keyboard.press("Control+Enter");
    await expect(page.getByRole("grid")).toContainText("page_view");
    await expect(page.locator(".cm-lintRange-error")).toHaveCount(0);
  });

  test("cancels, keeps its tabs over a reload, and remembers in its history", async ({ page, helios }) => {
    await page.goto("/sql");
    await write(page, "SELECT count(*) AS endless FROM range(100000000) a, range(100000000) b");
    await page.keyboard.press("Control+Enter");
    await expect.poll(async () => (await helios.api<{ queries: unknown[] }>("GET", "/queries")).queries.length).toBe(1);
    await page.getByRole("button", { name: /^Cancel/ }).click();
    await expect.poll(async () => (await helios.api<{ queries: unknown[] }>("GET", "/queries")).queries.length).toBe(0);
    await expect(page.getByRole("region", { name: "Result" })).toContainText(/cancelled/i);

    await page.getByRole("button", { name: "New query" }).click();
    await write(page, "SELECT 9007199254740993 AS exact, 'kept' AS word");
    await page.keyboard.press("Control+Enter");
    await expect(page.getByRole("grid")).toContainText(/9,?007,?199,?254,?740,?993/);
    await page.reload();
    await expect(editor(page)).toContainText("'kept' AS word");
    await expect(page.getByRole("list", { name: "Queries that are open" }).getByRole("listitem")).toHaveCount(2);
    await expect.poll(async () => (await helios.api<{ entries: { sql: string }[] }>("GET", "/query-history?search=kept")).entries.length).toBe(1);
  });

  test("binds parameters, saves with a link, explains, formats", async ({ page, helios }) => {
    await helios.until("SELECT count(*) > 200 FROM storefront", true);
    await page.goto("/sql");
    await write(page, "select device, count(*) as events from storefront where country = $country and _arrived_at >= $from and _arrived_at < $to group by 1");
    await page.getByRole("textbox", { name: /country/ }).fill("DE");
    await page.getByRole("button", { name: "Format" }).click();
    await expect(editor(page)).toContainText("GROUP BY");
    await editor(page).click();
    await page.keyboard.press("Control+Enter");
    await expect(page.getByRole("grid")).toContainText(/desktop|mobile|tablet/);
    await page.keyboard.press("Control+s");
    await page.getByRole("dialog").getByLabel("Name").fill("Devices by country");
    await page.getByRole("dialog").getByLabel("Description").fill("Which devices people use");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await expect.poll(async () => (await helios.api<{ saved_queries: { id: string }[] }>("GET", "/saved-queries")).saved_queries.map((q) => q.id)).toContain("devices-by-country");
    await page.evaluate(() => localStorage.clear());
    await page.goto("/sql?saved=devices-by-country");
    await expect(editor(page)).toContainText("$country");
    await page.getByRole("button", { name: "Explain" }).click();
    await expect(page.getByRole("region", { name: "How it is run" })).toContainText(/scan/i);
    // From the query to a dashboard of its own, and there.
    await page.getByRole("button", { name: "More", exact: true }).click();
    await page.getByRole("menuitem", { name: "Add to a dashboard" }).click();
    await page.getByRole("dialog").getByLabel("Dashboard").selectOption({ label: "A new dashboard" });
    await page.getByRole("dialog").getByLabel("Its title").fill("Devices");
    await page.getByRole("dialog").getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("link", { name: "Open the dashboard" }).click();
    await expect(page).toHaveURL(/\/dashboards\/devices$/);
    await expect(page.getByRole("group", { name: "Devices by country" })).toBeVisible();
  });

  test("shows 100,000 rows, sorted and searched, and exports what the file then holds", async ({ page }) => {
    await page.goto(`/sql?sql=${encodeURIComponent("SELECT i AS n, 'row ' || i AS name, 9007199254740993 + i AS exact FROM range(100000) t(i)")}`);
    await editor(page).click();
    await page.keyboard.press("Control+Enter");
    const grid = page.getByRole("grid");
    await expect(grid).toHaveAttribute("aria-rowcount", /^10000[01]$/);
    await expect(grid).toContainText("row 0");
    // Descending by a 64-bit integer: the last one is exact.
    const head = grid.getByRole("columnheader", { name: /exact/ });
    await head.click();
    await expect(head).toHaveAttribute("aria-sort", /.+/);
    if ((await head.getAttribute("aria-sort")) === "ascending") await head.click();
    await expect(head).toHaveAttribute("aria-sort", "descending");
    await expect(grid).toContainText(/9,?007,?199,?254,?840,?992/);
    await page.getByLabel("Search in the rows").fill("row 77777");
    await expect(grid).toContainText("row 77777");
    await expect(grid).not.toContainText("row 99999");

    await page.getByRole("button", { name: "Export" }).click();
    const download = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: "CSV" }).click();
    const lines = readFileSync(await (await download).path(), "utf8").trim().split(/\r?\n/);
    expect(lines.length).toBe(100_001);
    expect(lines[0]).toBe("n,name,exact");
    expect(lines[100_000]).toBe("99999,row 99999,9007199254840992");
  });
});
