// What Lighthouse thinks of the two screens that people open first. Accessibility, best practices, bytes and requests are judged.
// Its score for performance is told, not judged: it moves with what else the machine does.
import { chromium } from "@playwright/test";
import lighthouse, { desktopConfig } from "lighthouse";
import { browser } from "../browser";
import { expect, test } from "../helios";

const maxBytes = 400_000; // of a first visit, with what the screen loads after its shell
const maxRequests = 70;

test.use({ rate: 50 });
test.setTimeout(180_000);

for (const path of ["/", "/sql"]) {
  test(`lighthouse on ${path}`, async ({ helios }) => {
    const port = 20_000 + Math.floor(Math.random() * 20_000);
    const chrome = await chromium.launch({ ...browser.launchOptions, args: [...browser.launchOptions.args, `--remote-debugging-port=${port}`] });
    try {
      const run = await lighthouse(helios.url + path, { port, logLevel: "error", output: "json" }, desktopConfig);
      const { categories, audits } = run!.lhr;
      const score = (name: string) => Math.round((categories[name]?.score ?? 0) * 100);
      const failed = Object.values(audits).filter((a) => a.score !== null && a.score < 1 && (categories["accessibility"]!.auditRefs.some((r) => r.id === a.id) || categories["best-practices"]!.auditRefs.some((r) => r.id === a.id && r.weight > 0)));
      const requests = (audits["network-requests"]!.details as unknown as { items: { transferSize: number; url: string }[] }).items.filter((i) => !i.url.includes("/api/"));
      const bytes = requests.reduce((sum, i) => sum + i.transferSize, 0);
      console.log(`lighthouse ${path}: performance ${score("performance")} (not judged), accessibility ${score("accessibility")}, best practices ${score("best-practices")}, ${bytes} bytes in ${requests.length} requests`);
      expect(failed.map((a) => `${a.id}: ${a.title}`)).toEqual([]);
      expect(score("accessibility")).toBe(100);
      expect(score("best-practices")).toBe(100);
      expect(bytes).toBeLessThan(maxBytes);
      expect(requests.length).toBeLessThan(maxRequests);
    } finally {
      await chrome.close();
    }
  });
}
