// Every screen has its address here, and is loaded when it is first looked at. What a screen remembers in its address (filters,
// sort, the open tab) is read by its own search.ts.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { queryClient } from "./api/queries";
import { loaded } from "@/lib/lazy";
import { stateQuery } from "@/lib/session";
import { atTheDoor, Frame } from "./shell/frame";
import { Broken, NotFound } from "./shell/broken";
import { connectSearch } from "./screens/connect/search";
import { dashboardSearch, dashboardsSearch } from "./screens/dashboards/search";
import { overviewSearch } from "./screens/overview/search";
import { profileSearch } from "./screens/profile/search";
import { quarantineSearch } from "./screens/quarantine/search";
import { queriesSearch, querySearch } from "./screens/queries/search";
import { settingsSearch } from "./screens/settings/search";
import { signInSearch } from "./screens/sign-in/search";
import { sourceSearch } from "./screens/source/search";
import { sqlSearch } from "./screens/sql/search";
import { tailSearch } from "./screens/tail/search";

const root = createRootRoute({
  component: Frame,
  notFoundComponent: NotFound,
  // Who must sign in does so first, and comes back to exactly where they wanted to go.
  beforeLoad: async ({ location }) => {
    if (atTheDoor(location.pathname)) return;
    const { accounts, me } = await queryClient.ensureQueryData(stateQuery);
    if (accounts && !me) throw redirect({ to: "/sign-in", search: { return_to: location.href === "/" ? undefined : location.href }, replace: true });
  },
});

const overview = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: overviewSearch,
  component: lazyRouteComponent(() => loaded(() => import("./screens/overview"))),
});
const connect = createRoute({
  getParentRoute: () => root,
  path: "/connect",
  validateSearch: connectSearch,
  component: lazyRouteComponent(() => loaded(() => import("./screens/connect"))),
});
const sql = createRoute({
  getParentRoute: () => root,
  path: "/sql",
  validateSearch: sqlSearch,
  component: lazyRouteComponent(() => loaded(() => import("./screens/sql"))),
});
const dashboards = createRoute({
  getParentRoute: () => root,
  path: "/dashboards",
  validateSearch: dashboardsSearch,
  component: lazyRouteComponent(() => loaded(() => import("./screens/dashboards"))),
});
const dashboard = createRoute({
  getParentRoute: () => root,
  path: "/dashboards/$id",
  validateSearch: dashboardSearch,
  component: lazyRouteComponent(() => loaded(() => import("./screens/dashboards/dashboard"))),
});
const tail = createRoute({
  getParentRoute: () => root,
  path: "/tail",
  validateSearch: tailSearch,
  component: lazyRouteComponent(() => loaded(() => import("./screens/tail"))),
});
const source = createRoute({
  getParentRoute: () => root,
  path: "/sources/$name",
  validateSearch: sourceSearch,
  component: lazyRouteComponent(() => loaded(() => import("./screens/source"))),
});
const quarantine = createRoute({
  getParentRoute: () => root,
  path: "/quarantine",
  validateSearch: quarantineSearch,
  component: lazyRouteComponent(() => loaded(() => import("./screens/quarantine"))),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  validateSearch: settingsSearch,
  component: lazyRouteComponent(() => loaded(() => import("./screens/settings"))),
});
// As people type it.
const settingsPart = createRoute({
  getParentRoute: () => root,
  path: "/settings/$tab",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/settings", search: settingsSearch(params), replace: true });
  },
});
const profile = createRoute({
  getParentRoute: () => root,
  path: "/profile",
  validateSearch: profileSearch,
  component: lazyRouteComponent(() => loaded(() => import("./screens/profile"))),
});
const queries = createRoute({
  getParentRoute: () => root,
  path: "/queries",
  validateSearch: queriesSearch,
  component: lazyRouteComponent(() => loaded(() => import("./screens/queries"))),
});
const query = createRoute({
  getParentRoute: () => root,
  path: "/queries/$id",
  validateSearch: querySearch,
  component: lazyRouteComponent(() => loaded(() => import("./screens/queries/query"))),
});
const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: signInSearch,
  component: lazyRouteComponent(() => loaded(() => import("./screens/sign-in"))),
});
const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  component: lazyRouteComponent(() => loaded(() => import("./screens/setup"))),
});
const reset = createRoute({
  getParentRoute: () => root,
  path: "/reset",
  component: lazyRouteComponent(() => loaded(() => import("./screens/reset"))),
});

export const router = createRouter({
  routeTree: root.addChildren([overview, connect, sql, dashboards, dashboard, tail, source, quarantine, settings, settingsPart, profile, queries, query, signIn, setup, reset]),
  defaultPreload: "intent",
  defaultErrorComponent: Broken,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
