import { expect, test } from "../helios";

test("a stream is connected from nothing, its schema edited, and its events become a chart", async ({ page, helios }) => {
  await helios.createStream("orders", 2);
  const orders = Array.from({ length: 400 }, (_, i) => ({
    order_id: i,
    placed_at: new Date(Date.now() - i * 1000).toISOString(),
    customer: { name: `customer ${i % 20}`, card: "4111 1111 1111 1111" },
    // One in twenty is no number: that field decides what would go to quarantine.
    amount: i % 20 === 0 ? "free" : i / 4,
  }));
  await helios.put("orders", orders);

  await page.goto("/");
  await page.getByRole("link", { name: "Connect a stream" }).first().click();
  await page.getByRole("radio", { name: "Another endpoint" }).click();
  await page.getByLabel("URL of the endpoint").fill("not a url");
  await page.getByRole("button", { name: "Show the streams" }).click();
  await expect(page.getByText("That is no URL")).toBeVisible();
  await page.getByLabel("URL of the endpoint").fill(helios.kinesis);
  await page.getByLabel("Region", { exact: true }).fill("us-east-1");
  await page.getByRole("button", { name: "Show the streams" }).click();
  const row = page.getByRole("row").filter({ hasText: "orders" });
  await expect(row).toContainText("2");
  await expect(row).toContainText("24 h");
  await row.getByRole("link", { name: "orders" }).click();

  // The sample, and the schema that it could have.
  const fields = page.getByRole("table", { name: "Fields and their columns" });
  await expect(fields.getByRole("row").filter({ hasText: "amount" })).toContainText("5 %");
  // Skipped, a field is no column, and never a reason to reject an event.
  await fields.getByRole("row").filter({ hasText: "card" }).getByRole("checkbox").uncheck();
  const amount = fields.getByRole("row").filter({ hasText: "amount" });
  await amount.getByRole("combobox").selectOption("VARCHAR");
  await expect(amount).toContainText("To quarantine: none");
  await page.getByLabel("Event time").selectOption("placed_at");
  await page.getByLabel("Table", { exact: true }).fill("shop_orders");
  await page.getByRole("button", { name: "Connect orders" }).click();

  // Landed on the table, with its events.
  await expect(page.getByRole("heading", { level: 1 })).toContainText("shop_orders");
  await expect(page.getByRole("region", { name: "The table so far" })).toContainText("400");
  const columns = (await helios.api<{ columns: { name: string; type: string }[]; ignore: string[][]; event_time?: string }>("GET", "/tables/shop_orders"));
  expect(columns.columns.find((c) => c.name === "amount")?.type).toBe("VARCHAR");
  expect(columns.columns.map((c) => c.name)).not.toContain("customer_card");
  expect(columns.ignore).toEqual([["customer", "card"]]);
  expect(columns.event_time).toBe("placed_at");
  expect(await helios.rows("SELECT count(*), count(DISTINCT order_id) FROM shop_orders")).toEqual([[400, 400]]);

  await page.getByRole("link", { name: "Chart it" }).click();
  const editor = page.getByRole("textbox", { name: "SQL" });
  await expect(editor).toContainText("date_trunc('minute', placed_at)");
  const result = page.getByRole("region", { name: "Result" });
  await expect(result.getByRole("img", { name: /events/ })).toBeVisible();
  await result.getByRole("radio", { name: "Table", exact: true }).click();
  await editor.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("SELECT customer_name, count(*) AS orders FROM shop_orders GROUP BY 1 ORDER BY 2 DESC, 1");
  await page.keyboard.press("Control+Enter");
  await expect(result).toContainText("customer 10");
  await result.getByRole("radio", { name: "Chart", exact: true }).click();
  await expect(result.getByRole("img", { name: /orders/ })).toBeVisible();
});

test("what AWS refuses is explained, with what to do", async ({ page, watch }) => {
  await page.goto("/connect");
  await page.getByRole("radio", { name: "Another endpoint" }).click();
  await page.getByLabel("URL of the endpoint").fill("http://127.0.0.1:9");
  await watch.expectingErrors(async () => {
    await page.getByRole("button", { name: "Show the streams" }).click();
    await expect(page.getByRole("alert").filter({ hasText: "could not be listed" })).toContainText("127.0.0.1:9", { timeout: 30_000 });
  });
});
