import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "../helios";
import { open, screens } from "../screens";

test.describe("accessibility", () => {
  test.use({ rate: 500 });
  test.setTimeout(300_000);

  for (const theme of ["light", "dark"] as const) {
    test(`axe finds nothing on any screen, ${theme}`, async ({ page, helios, watch }) => {
      await page.addInitScript((chosen) => localStorage.setItem("helios.theme", chosen), theme);
      await helios.until("SELECT count(*) > 0 FROM quarantine.storefront WHERE field = 'product.price'", true);
      const found: string[] = [];
      for (const screen of screens) {
        await open(page, helios, screen, watch);
        const { violations } = await new AxeBuilder({ page }).analyze();
        for (const v of violations) found.push(`${screen.name}: ${v.impact} ${v.id}: ${v.help} (${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(", ")})`);
      }
      expect(found).toEqual([]);
    });
  }
});
