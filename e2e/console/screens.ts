// Every screen of the console, as it is with the demo's storefront behind it.
import { expect, type Page } from "@playwright/test";
import type { Helios } from "./helios";

interface Screen {
  name: string;
  path: string | ((helios: Helios) => string);
  heading: string;
  /** What is done to see it as it is meant to be seen. */
  then?: (page: Page) => Promise<void>;
}

const statement = `-- What the visitors of the last 5 minutes looked at
SELECT product_category AS category, count(*) AS views, count(DISTINCT visitor_id) AS visitors
FROM storefront
WHERE event_type = 'product_view' AND _arrived_at > now() - INTERVAL 5 MINUTE
GROUP BY ALL
ORDER BY views DESC`;

export const screens: readonly Screen[] = [
  { name: "overview", path: "/", heading: "Overview" },
  { name: "connect", path: "/connect", heading: "Connect a stream" },
  {
    name: "connect-schema",
    path: (helios) => `/connect?${new URLSearchParams({ where: "endpoint", endpoint: helios.kinesis, region: "us-east-1", stream: "storefront" }).toString()}`,
    heading: "Connect a stream",
    then: (page) => page.getByRole("heading", { name: "The schema" }).evaluate((e) => e.scrollIntoView()),
  },
  {
    name: "sql",
    path: `/sql?view=both&sql=${encodeURIComponent(statement)}`,
    heading: "SQL",
    then: async (page) => {
      await page.getByRole("button", { name: /^Run/ }).first().click();
      await expect(page.getByRole("grid")).toContainText("electronics");
    },
  },
  { name: "dashboards", path: "/dashboards", heading: "Dashboards" },
  { name: "dashboard", path: "/dashboards/storefront", heading: "Storefront" },
  { name: "tail", path: "/tail?source=storefront", heading: "Live tail" },
  { name: "source", path: "/sources/storefront", heading: "storefront" },
  { name: "source-throughput", path: "/sources/storefront?tab=throughput", heading: "storefront" },
  { name: "source-schema", path: "/sources/storefront?tab=schema", heading: "storefront" },
  { name: "source-settings", path: "/sources/storefront?tab=settings", heading: "storefront" },
  { name: "quarantine", path: "/quarantine", heading: "Quarantine" },
  {
    name: "quarantine-group",
    path: "/quarantine?table=storefront&reason=type_mismatch&field=product.price",
    heading: "Type mismatch",
    then: (page) => expect(page.getByText(/of \d+ would pass/).first()).toBeVisible(),
  },
  { name: "settings", path: "/settings", heading: "Settings" },
];

/** Opens a screen, and waits until all of it is there. */
export async function open(page: Page, helios: Helios, screen: Screen): Promise<void> {
  await page.goto(typeof screen.path === "string" ? screen.path : screen.path(helios));
  await expect(page.getByRole("heading", { level: 1 })).toContainText(screen.heading);
  await expect(page.getByRole("status", { name: /^Loading/ })).toHaveCount(0);
  await screen.then?.(page);
  await expect(page.getByRole("status", { name: /^Loading/ })).toHaveCount(0);
}
