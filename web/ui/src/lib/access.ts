import type { paths } from "@/api/schema";
import type { Role } from "./session";

type Method = "get" | "post" | "put" | "patch" | "delete";
type RouteOf<P extends keyof paths> = { [M in Method]: paths[P][M] extends undefined ? never : `${Uppercase<M>} ${P}` }[Method];

/** A route of the API, as in "GET /api/v1/sources". */
export type Route = { [P in keyof paths]: RouteOf<P> }[keyof paths];

/** What a route needs: a role, and for some to be allowed to read all tables. */
export interface Access {
  role: Role;
  whole: boolean;
}

/** The server's own table of who may use what, as its description has it: put in when the console is built. Those that everybody may use are not in it. */
declare const __ACCESS__: Record<string, Access>;

/** What a screen is for: who may not use this route of the API has nothing to do there. */
const purposes: Record<string, Route> = {
  "/": "GET /api/v1/sources",
  "/sql": "POST /api/v1/query",
  "/queries": "POST /api/v1/saved-queries/{id}/run",
  "/dashboards": "GET /api/v1/dashboards",
  "/tail": "GET /api/v1/sources/{name}/tail",
  "/quarantine": "GET /api/v1/quarantine",
  "/connect": "GET /api/v1/streams",
};

/** What a screen of the console needs; undefined for those that are for everybody. */
export function accessTo(path: string): Access | undefined {
  const route = purposes[path];
  return route && accessOf(route);
}

/** What a route of the API needs. */
export function accessOf(route: Route): Access {
  return __ACCESS__[route] ?? { role: "viewer", whole: false };
}
