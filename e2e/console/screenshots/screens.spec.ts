// Every screen, 1440 and 390 wide, light and dark, with the storefront of the demo behind it after it has run for a while.
import { expect, test } from "../helios";
import { screens } from "../screens";

const images = new URL("../../../docs/images/", import.meta.url).pathname;
const opening = 90_000; // until the storefront has something to show

test.use({ rate: 200, contextOptions: { reducedMotion: "reduce" } });

test("screens", async ({ page, helios, watch }) => {
  void watch;
  await new Promise((done) => setTimeout(done, opening));
  await helios.until("SELECT count(*) > 10000 FROM storefront", true);
  const statement = "SELECT time_bucket(INTERVAL 5 SECOND, _arrived_at) AS at, count(*) AS events, count(DISTINCT visitor_id) AS visitors\nFROM storefront\nGROUP BY 1\nORDER BY 1";
  for (const theme of ["light", "dark"] as const) {
    for (const [width, height] of [[1440, 900], [390, 844]] as const) {
      await page.setViewportSize({ width, height });
      for (const screen of screens) {
        const path = screen.name === "sql" ? `/sql?sql=${encodeURIComponent(statement)}` : screen.path;
        await page.goto(path);
        await page.evaluate((chosen) => localStorage.setItem("helios.theme", chosen), theme);
        await page.reload();
        await expect(page.getByRole("heading", { level: 1 })).toContainText(screen.heading);
        if (screen.name === "sql") await page.getByRole("button", { name: /^Run/ }).first().click();
        await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
        await page.waitForTimeout(1500); // charts have drawn, live numbers have come
        await page.screenshot({ path: `${images}${screen.name}-${width}-${theme}.png` });
      }
    }
  }
});
