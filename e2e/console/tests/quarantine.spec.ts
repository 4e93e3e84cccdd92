import { readFileSync } from "node:fs";
import { expect, test } from "../helios";

test("what went to quarantine is found, mended and replayed, once", async ({ page, helios }) => {
  await helios.createStream("meters", 2);
  await helios.put("meters", Array.from({ length: 100 }, (_, i) => ({ id: i, reading: i })));
  await helios.api("POST", "/sources", { stream: "meters", table: "meters", endpoint: helios.kinesis, region: "us-east-1" });
  await helios.until("SELECT count(*) FROM meters", 100);
  await helios.put("meters", [...Array.from({ length: 60 }, (_, i) => ({ id: 1000 + i, reading: `n/a ${i}` })), '{"id": 2000, "reading": tru', "17"]);
  await helios.until("SELECT count(*) FROM quarantine.meters", 62);

  await page.goto("/quarantine");
  const group = page.getByRole("link", { name: /^Type mismatch/ });
  await expect(group).toContainText("60");
  await group.click();
  await expect(page).toHaveURL(/table=meters/);
  // The place that is to blame is marked.
  await expect(page.locator("mark").first()).toContainText("n/a");
  await expect(page.getByText("60 of 60 would pass").first()).toBeVisible();
  await page.getByRole("button", { name: "Apply and replay" }).first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Apply and replay" }).click();
  await expect(page.getByRole("dialog")).toContainText("60 events left the quarantine");
  expect(await helios.rows("SELECT count(*), count(DISTINCT id) FROM meters")).toEqual([[160, 160]]);
  expect(await helios.rows("SELECT reading FROM meters WHERE id IN (7, 1007) ORDER BY id")).toEqual([["7"], ["n/a 7"]]);
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();

  // The others: searched, exported, deleted.
  await page.goto("/quarantine?table=meters");
  await expect(page.getByText(/Not valid JSON|Malformed/i).first()).toBeVisible();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("menuitem", { name: "NDJSON" }).click();
  const lines = readFileSync(await (await download).path(), "utf8").trim().split("\n").map((l) => JSON.parse(l) as { reason: string });
  expect(lines.map((l) => l.reason).sort()).toEqual(["malformed_json", "not_an_object"]);
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: /Delete/ }).click();
  const sure = page.getByRole("dialog");
  await expect(sure.getByRole("button", { name: "Delete for good" })).toBeDisabled();
  await sure.getByLabel(/Type meters/).fill("meters");
  await sure.getByRole("button", { name: "Delete for good" }).click();
  await expect(page.getByText("Nothing is left here")).toBeVisible();
  expect(await helios.rows("SELECT count(*) FROM quarantine.meters")).toEqual([[0]]);
});
