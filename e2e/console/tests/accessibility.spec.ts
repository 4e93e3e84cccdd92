import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "../helios";
import { open, screens } from "../screens";

test.describe("accessibility", () => {
  test.use({ rate: 500, backups: true });
  test.setTimeout(480_000);

  test("axe finds nothing on any screen, light and dark", async ({ page, helios, watch }) => {
    await helios.until("SELECT count(*) > 0 FROM quarantine.storefront WHERE field = 'product.price'", true);
    const found: string[] = [];
    for (const screen of screens) {
      await open(page, helios, screen, watch);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" }); // the page follows it, at once
        await expect(page.locator("html")).toHaveAttribute("data-theme", colorScheme);
        const { violations } = await new AxeBuilder({ page }).analyze();
        for (const v of violations) found.push(`${screen.name}, ${colorScheme}: ${v.impact} ${v.id}: ${v.help} (${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(", ")})`);
      }
    }
    expect(found).toEqual([]);
  });
});
