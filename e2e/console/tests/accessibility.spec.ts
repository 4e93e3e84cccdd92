import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "../helios";
import { screens } from "../screens";

test.describe("accessibility", () => {
  test.use({ rate: 50 });
  test.setTimeout(300_000);

  for (const theme of ["light", "dark"] as const) {
    test(`axe finds nothing on any screen, ${theme}`, async ({ page }) => {
      await page.addInitScript((chosen) => localStorage.setItem("helios.theme", chosen), theme);
      const found: string[] = [];
      for (const screen of screens) {
        await page.goto(screen.path);
        await expect(page.getByRole("heading", { level: 1 })).toContainText(screen.heading);
        await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
        const { violations } = await new AxeBuilder({ page }).analyze();
        for (const v of violations) found.push(`${screen.name}: ${v.impact} ${v.id}: ${v.help} (${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(", ")})`);
      }
      expect(found).toEqual([]);
    });
  }
});
