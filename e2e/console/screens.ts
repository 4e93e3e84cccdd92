// Every screen of the console, as it is with the demo's storefront behind it.
import { expect, type Page } from "@playwright/test";
import { signIn, type Helios, type Watch } from "./helios";

interface Screen {
  name: string;
  path: string | ((helios: Helios) => string | Promise<string>);
  heading: string;
  /** What is done to see it as it is meant to be seen. */
  then?: (page: Page, helios: Helios) => Promise<void>;
  /** A screen of a house with accounts: seen by an admin, or by somebody who has not signed in. Those of an open house come first. */
  who?: "admin" | "nobody";
  /** Something is refused on it, which the browser logs. */
  refused?: boolean;
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
  { name: "queries", path: "/queries", heading: "Saved queries" },
  { name: "query", path: "/queries/storefront-revenue-by-minute", heading: "Storefront revenue by minute", then: (page) => expect(page.getByRole("img").first()).toBeVisible() },
  { name: "settings-no-accounts", path: "/settings?tab=users", heading: "Settings", then: (page) => expect(page.getByText("helios users add")).toBeVisible() },
  { name: "settings-backup-now", path: "/settings?tab=backups&new=backup", heading: "Settings", then: (page) => expect(page.getByRole("dialog", { name: "Back up now" })).toBeVisible() },
  {
    name: "settings-backups",
    path: aBackup,
    heading: "Settings",
    then: (page) => expect(page.getByText("Last backup")).toBeVisible(),
  },
  { name: "settings-roles", path: "/settings?tab=roles", heading: "Settings", then: (page) => page.getByText("Write SQL, and export its results").click() },
  { name: "profile", path: "/profile", heading: "Profile", who: "admin", then: (page) => expect(page.getByText("this one")).toBeVisible() },
  { name: "profile-token", path: "/profile?new=token", heading: "Profile", who: "admin", then: (page) => page.getByRole("dialog").getByLabel("Only some tables").check() },
  { name: "settings-users", path: somePeople, heading: "Settings", who: "admin", then: (page) => expect(page.getByText("grace@example.com")).toBeVisible() },
  { name: "settings-invite", path: "/settings?tab=users&new=user", heading: "Settings", who: "admin", then: (page) => page.getByRole("dialog").getByLabel("E-mail address").fill("ada@example.com") },
  { name: "settings-tokens", path: "/settings?tab=tokens", heading: "Settings", who: "admin", then: (page) => expect(page.getByRole("table", { name: "API tokens" })).toContainText("tests") },
  {
    name: "settings-audit",
    path: "/settings?tab=audit",
    heading: "Settings",
    who: "admin",
    then: (page) => page.getByRole("table", { name: "Audit log" }).getByRole("button", { name: /Run a query/ }).first().click(),
  },
  {
    name: "session-ended",
    path: "/",
    heading: "Overview",
    who: "admin",
    refused: true,
    then: async (page, helios) => {
      await helios.endSessions("admin@example.com");
      await expect(page.getByRole("dialog", { name: "Your session has ended" })).toBeVisible();
    },
  },
  { name: "sign-in", path: "/sign-in?error=no_role", heading: "Sign in", who: "nobody" },
  { name: "reset", path: resetLink, heading: "Set your password", who: "nobody", then: (page) => expect(page.getByLabel("New password")).toBeVisible() },
  { name: "setup-used", path: "/setup#used", heading: "Set up Helios", who: "nobody", refused: true, then: (page) => expect(page.getByRole("alert")).toContainText("of no use any more") },
];

/** The screens of a house without accounts. */
export const openScreens = screens.filter((s) => !s.who);

/** Of somebody who is no admin: a token makes no link for one. */
async function resetLink(helios: Helios): Promise<string> {
  await somePeople(helios);
  const { users } = await helios.api<{ users: { id: string; role: string }[] }>("GET", "/users");
  return (await helios.api<{ path: string }>("POST", `/users/${users.find((u) => u.role !== "admin")?.id}/reset-link`)).path;
}

/** The settings, once a backup has been made. */
async function aBackup(helios: Helios): Promise<string> {
  await helios.backUp();
  return "/settings?tab=backups";
}

/** The list of users, with some in it. */
async function somePeople(helios: Helios): Promise<string> {
  const { users } = await helios.api<{ users: unknown[] }>("GET", "/users");
  if (users.length === 1) {
    await helios.addUser("editor", { name: "grace" });
    await helios.addUser("viewer", { name: "linus", tables: "storefront" });
    await helios.rows("SELECT event_type, count(*) AS events FROM storefront GROUP BY ALL");
  }
  return "/settings?tab=users";
}

/** Opens a screen, and waits until all of it is there. */
export async function open(page: Page, helios: Helios, screen: Screen, watch: Watch): Promise<void> {
  if (screen.who) {
    await page.goto("/healthz"); // what was open in an open house asks on
    const admin = await helios.addUser("admin");
    if (screen.who === "admin") await signIn(page, admin);
    else await page.context().clearCookies();
  }
  const look = async () => {
    await page.goto(typeof screen.path === "string" ? screen.path : await screen.path(helios));
    await expect(page.getByRole("heading", { level: 1, name: screen.heading, includeHidden: true })).toBeVisible();
    await expect(page.getByRole("status", { name: /^Loading/ })).toHaveCount(0);
    await screen.then?.(page, helios);
    await expect(page.getByRole("status", { name: /^Loading/ })).toHaveCount(0);
  };
  await (screen.refused ? watch.expectingErrors(look) : look());
}
