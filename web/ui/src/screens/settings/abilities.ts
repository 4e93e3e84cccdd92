import { accessOf, type Access, type Route } from "@/lib/access";

export interface Ability {
  says: string;
  routes: readonly [Route, ...Route[]];
}

/** What an ability takes: what its routes take, as the server decides it. */
export function needsOf({ routes: [first] }: Ability): Access {
  return accessOf(first);
}

/** What people can do, and the routes that do it. A test looks that none is missing, and that those of one ability take the same. */
export const abilities: readonly { group: string; abilities: readonly Ability[] }[] = [
  {
    group: "Look",
    abilities: [
      {
        says: "See sources, their freshness, lag and throughput",
        routes: ["GET /api/v1/sources", "GET /api/v1/sources/{name}", "GET /api/v1/sources/{name}/history", "GET /api/v1/source-history"],
      },
      { says: "See tables and their columns", routes: ["GET /api/v1/tables", "GET /api/v1/tables/{table}"] },
      { says: "See dashboards", routes: ["GET /api/v1/dashboards", "GET /api/v1/dashboards/{id}"] },
      { says: "Run saved queries", routes: ["GET /api/v1/saved-queries", "GET /api/v1/saved-queries/{id}", "POST /api/v1/saved-queries/{id}/run"] },
      { says: "See and cancel their own running queries", routes: ["GET /api/v1/queries", "DELETE /api/v1/queries/{id}"] },
      { says: "See the server’s version, its limits and its description", routes: ["GET /api/v1/about", "GET /openapi.json"] },
      { says: "See its metrics, and how its backups are doing", routes: ["GET /metrics", "GET /api/v1/backups/status"] },
    ],
  },
  {
    group: "Their own account",
    abilities: [
      { says: "Change their password, end their sessions", routes: ["POST /api/v1/auth/password", "GET /api/v1/auth/sessions", "DELETE /api/v1/auth/sessions", "DELETE /api/v1/auth/sessions/{id}"] },
      { says: "Make and revoke their own tokens", routes: ["GET /api/v1/tokens", "POST /api/v1/tokens", "DELETE /api/v1/tokens/{id}"] },
    ],
  },
  {
    group: "Ask",
    abilities: [
      { says: "Write SQL, and export its results", routes: ["POST /api/v1/query", "POST /api/v1/sql/explain", "GET /api/v1/sql/dialect", "GET /api/v1/tables/{table}/columns/{column}"] },
      { says: "Watch events as they come in", routes: ["GET /api/v1/sources/{name}/tail"] },
      { says: "See what is in quarantine, and how schemas changed", routes: ["GET /api/v1/quarantine", "GET /api/v1/quarantine-groups", "GET /api/v1/quarantine/{table}", "GET /api/v1/tables/{table}/history"] },
      { says: "Save, change and delete queries", routes: ["POST /api/v1/saved-queries", "PUT /api/v1/saved-queries/{id}", "DELETE /api/v1/saved-queries/{id}"] },
      {
        says: "Make, change, delete, export and import dashboards",
        routes: ["POST /api/v1/dashboards", "PUT /api/v1/dashboards/{id}", "DELETE /api/v1/dashboards/{id}", "GET /api/v1/dashboards/{id}/export", "POST /api/v1/dashboards/import"],
      },
      { says: "See and clear their own history of queries", routes: ["GET /api/v1/query-history", "DELETE /api/v1/query-history", "DELETE /api/v1/query-history/{id}"] },
    ],
  },
  {
    group: "Change",
    abilities: [
      { says: "Look for streams, sample them, and connect them as sources", routes: ["GET /api/v1/aws", "GET /api/v1/streams", "GET /api/v1/streams/{name}", "GET /api/v1/streams/{name}/rate", "GET /api/v1/streams/{name}/sample", "POST /api/v1/schema/predict", "POST /api/v1/sources"] },
      {
        says: "Change, pause and remove sources",
        routes: ["PATCH /api/v1/sources/{name}", "DELETE /api/v1/sources/{name}", "POST /api/v1/sources/{name}/pause", "POST /api/v1/sources/{name}/resume", "GET /api/v1/sources/{name}/yaml"],
      },
      { says: "Change the schema of tables", routes: ["POST /api/v1/tables/{table}/changes"] },
      {
        says: "Mend, replay and delete what is in quarantine",
        routes: ["GET /api/v1/quarantine/{table}/mends", "POST /api/v1/quarantine/{table}/dry-run", "POST /api/v1/quarantine/{table}/replay", "DELETE /api/v1/quarantine/{table}"],
      },
    ],
  },
  {
    group: "Manage",
    abilities: [
      {
        says: "Invite, change, disable and delete users",
        routes: ["GET /api/v1/users", "POST /api/v1/users", "GET /api/v1/users/{id}", "PATCH /api/v1/users/{id}", "DELETE /api/v1/users/{id}", "POST /api/v1/users/{id}/reset-link", "GET /api/v1/users/{id}/sessions", "DELETE /api/v1/users/{id}/sessions"],
      },
      { says: "Make and list backups", routes: ["POST /api/v1/backups", "GET /api/v1/backups"] },
      { says: "Read, search and export the audit log", routes: ["GET /api/v1/audit", "GET /api/v1/audit/export"] },
    ],
  },
];
