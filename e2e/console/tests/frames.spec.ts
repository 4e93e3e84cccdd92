// Typing in the editor and scrolling 100,000 rows, as a trace of Chromium has it. The share of frames that came late is told;
// judged is only what no busy machine explains: that the page stops for long.
import { expect, test } from "../helios";
import type { CDPSession, Page } from "@playwright/test";

const stop = 500; // milliseconds without a frame that a person takes for a page that hangs

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  ts: number; // microseconds
  dur?: number;
}

/**
 * Records a trace of what happens, and gives the times between the frames that the page was ready for, in milliseconds, and its
 * longest task. The page asks for every frame, whether something moves in it or not: so a frame that is missing was missed.
 */
async function frames(page: Page, work: () => Promise<void>): Promise<{ gaps: number[]; longest: number }> {
  const cdp: CDPSession = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  cdp.on("Tracing.dataCollected", ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await page.evaluate(() => {
    const ask = () => void (document.body.dataset.traced !== undefined && requestAnimationFrame(ask));
    document.body.dataset.traced = "";
    requestAnimationFrame(ask);
  });
  await cdp.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories: ["devtools.timeline", "disabled-by-default-devtools.timeline"] } });
  await work();
  const complete = new Promise((done) => cdp.once("Tracing.tracingComplete", done));
  await cdp.send("Tracing.end");
  await complete;
  await page.evaluate(() => delete document.body.dataset.traced);
  // Those of the page's own process and thread: where its frames are asked for.
  const asked = events.filter((e) => e.name === "FireAnimationFrame");
  const main = events.filter((e) => e.pid === asked[0]?.pid && e.tid === asked[0]?.tid);
  const times = [...new Set(asked.map((e) => e.ts / 1000))].sort((a, b) => a - b);
  const longest = Math.max(...main.filter((e) => e.name === "RunTask").map((e) => (e.dur ?? 0) / 1000));
  // Several callbacks of one frame lie close together.
  return { gaps: times.slice(1).map((t, i) => t - times[i]!).filter((gap) => gap > 4), longest };
}

function told(what: string, { gaps, longest }: { gaps: number[]; longest: number }): void {
  const sorted = [...gaps].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)]?.toFixed(1);
  const mean = gaps.reduce((sum, g) => sum + g, 0) / Math.max(1, gaps.length);
  console.log(`${what}: ${gaps.length} frames, ${(1000 / mean).toFixed(1)} a second, between two p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, most ${at(1)} ms; longest task ${longest.toFixed(1)} ms`);
}

// Playwright's own recording films the page, which costs it frames.
test.use({ trace: "off", video: "off" });

test("typing and scrolling through 100,000 rows keep the page moving", async ({ page }) => {
  await page.goto(`/sql?sql=${encodeURIComponent("SELECT i, 'row ' || i AS name, i * 1.5 AS half, i % 7 = 0 AS seventh FROM range(100000) t(i)")}`);
  const editor = page.getByRole("textbox", { name: "SQL" });
  await editor.click();
  await page.keyboard.press("Control+Enter");
  const grid = page.getByRole("grid");
  await expect(grid).toHaveAttribute("aria-rowcount", /100,?00\d/);

  const box = (await grid.boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.waitForTimeout(1000); // the result has come to rest
  const scrolling = await frames(page, async () => {
    for (let i = 0; i < 180; i++) {
      await page.mouse.wheel(0, 400);
      await page.waitForTimeout(16);
    }
  });
  told("scrolling", scrolling);
  await editor.click();
  await page.keyboard.press("Control+End");
  const typing = await frames(page, async () => {
    await page.keyboard.type("\n-- what is typed while the result is there, letter by letter, as a person who is quick does", { delay: 40 });
  });
  told("typing", typing);
  for (const seen of [scrolling, typing]) {
    expect(seen.gaps.length).toBeGreaterThan(60);
    expect(seen.longest).toBeGreaterThan(0);
    expect(seen.longest).toBeLessThan(stop);
  }
});
