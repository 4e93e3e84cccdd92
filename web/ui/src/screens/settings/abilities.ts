import type { Role } from "@/lib/session";

export interface Ability {
  says: string;
  role: Role;
  routes: readonly string[];
}

/** What people can do, the role that it takes, and the routes that do it. A test holds it against the API's own description. */
export const abilities: readonly { group: string; abilities: readonly Ability[] }[] = [
  {
    group: "Look",
    abilities: [
      {
        says: "See sources, their freshness, lag and throughput",
        role: "viewer",
        routes: ["GET /api/v1/sources", "GET /api/v1/sources/{name}", "GET /api/v1/sources/{name}/history", "GET /api/v1/source-history"],
      },
      { says: "See tables and their columns", role: "viewer", routes: ["GET /api/v1/tables", "GET /api/v1/tables/{table}"] },
      { says: "See dashboards", role: "viewer", routes: ["GET /api/v1/dashboards", "GET /api/v1/dashboards/{id}"] },
      { says: "Run saved queries", role: "viewer", routes: ["GET /api/v1/saved-queries", "GET /api/v1/saved-queries/{id}", "POST /api/v1/saved-queries/{id}/run"] },
      { says: "See and cancel their own running queries", role: "viewer", routes: ["GET /api/v1/queries", "DELETE /api/v1/queries/{id}"] },
      { says: "See the server’s version, limits, metrics and description", role: "viewer", routes: ["GET /api/v1/about", "GET /metrics", "GET /openapi.json"] },
    ],
  },
  {
    group: "Their own account",
    abilities: [
      { says: "Change their password, end their sessions", role: "viewer", routes: ["POST /api/v1/auth/password", "GET /api/v1/auth/sessions", "DELETE /api/v1/auth/sessions", "DELETE /api/v1/auth/sessions/{id}"] },
      { says: "Make and revoke their own tokens", role: "viewer", routes: ["GET /api/v1/tokens", "POST /api/v1/tokens", "DELETE /api/v1/tokens/{id}"] },
    ],
  },
  {
    group: "Ask",
    abilities: [
      { says: "Write SQL, and export its results", role: "analyst", routes: ["POST /api/v1/query", "POST /api/v1/sql/explain", "GET /api/v1/sql/dialect", "GET /api/v1/tables/{table}/columns/{column}"] },
      { says: "Watch events as they come in", role: "analyst", routes: ["GET /api/v1/sources/{name}/tail"] },
      { says: "See what is in quarantine, and how schemas changed", role: "analyst", routes: ["GET /api/v1/quarantine", "GET /api/v1/quarantine-groups", "GET /api/v1/quarantine/{table}", "GET /api/v1/tables/{table}/history"] },
      { says: "Save, change and delete queries", role: "analyst", routes: ["POST /api/v1/saved-queries", "PUT /api/v1/saved-queries/{id}", "DELETE /api/v1/saved-queries/{id}"] },
      {
        says: "Make, change, delete, export and import dashboards",
        role: "analyst",
        routes: ["POST /api/v1/dashboards", "PUT /api/v1/dashboards/{id}", "DELETE /api/v1/dashboards/{id}", "GET /api/v1/dashboards/{id}/export", "POST /api/v1/dashboards/import"],
      },
      { says: "See and clear their own history of queries", role: "analyst", routes: ["GET /api/v1/query-history", "DELETE /api/v1/query-history", "DELETE /api/v1/query-history/{id}"] },
    ],
  },
  {
    group: "Change",
    abilities: [
      { says: "Look for streams, sample them", role: "editor", routes: ["GET /api/v1/aws", "GET /api/v1/streams", "GET /api/v1/streams/{name}", "GET /api/v1/streams/{name}/rate", "GET /api/v1/streams/{name}/sample", "POST /api/v1/schema/predict"] },
      {
        says: "Connect, change, pause and remove sources",
        role: "editor",
        routes: ["POST /api/v1/sources", "PATCH /api/v1/sources/{name}", "DELETE /api/v1/sources/{name}", "POST /api/v1/sources/{name}/pause", "POST /api/v1/sources/{name}/resume", "GET /api/v1/sources/{name}/yaml"],
      },
      { says: "Change the schema of tables", role: "editor", routes: ["POST /api/v1/tables/{table}/changes"] },
      {
        says: "Mend, replay and delete what is in quarantine",
        role: "editor",
        routes: ["GET /api/v1/quarantine/{table}/mends", "POST /api/v1/quarantine/{table}/dry-run", "POST /api/v1/quarantine/{table}/replay", "DELETE /api/v1/quarantine/{table}"],
      },
    ],
  },
  {
    group: "Manage",
    abilities: [
      {
        says: "Invite, change, disable and delete users",
        role: "admin",
        routes: ["GET /api/v1/users", "POST /api/v1/users", "GET /api/v1/users/{id}", "PATCH /api/v1/users/{id}", "DELETE /api/v1/users/{id}", "POST /api/v1/users/{id}/reset-link", "GET /api/v1/users/{id}/sessions", "DELETE /api/v1/users/{id}/sessions"],
      },
      { says: "Read, search and export the audit log", role: "admin", routes: ["GET /api/v1/audit", "GET /api/v1/audit/export"] },
    ],
  },
];
