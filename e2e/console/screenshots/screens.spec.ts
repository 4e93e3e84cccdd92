// Every screen, 1440 and 390 wide, light and dark, with the storefront of the demo behind it after it has run for a while.
import { test } from "../helios";
import { open, screens } from "../screens";

const images = new URL("../../../docs/images/", import.meta.url).pathname;
const opening = Number(process.env.HELIOS_DEMO_SECONDS ?? 900) * 1000; // until every chart has something to show

test.use({ rate: 200, backups: true, contextOptions: { reducedMotion: "reduce" } });

test("screens", async ({ page, helios, watch }) => {
  await new Promise((done) => setTimeout(done, opening));
  for (const screen of screens) {
    for (const [width, height] of [[1440, 900], [390, 844]] as const) {
      await page.setViewportSize({ width, height });
      await open(page, helios, screen, watch);
      for (const theme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme: theme }); // the page follows it, at once
        await page.waitForTimeout(1500); // charts have drawn, live numbers have come
        await page.screenshot({ path: `${images}${screen.name}-${width}-${theme}.png` });
      }
    }
  }
});
