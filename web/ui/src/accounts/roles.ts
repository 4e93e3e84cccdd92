import { roles, type Role } from "@/lib/session";

/** What a role is for, in a sentence. Each may also do what those before it may. */
export const roleSays: Record<Role, string> = {
  viewer: "Sees dashboards, sources and freshness, and runs saved queries",
  analyst: "Also writes SQL, watches the live tail, exports, and saves queries and dashboards",
  editor: "Also connects and changes sources and schemas, and mends and replays the quarantine",
  admin: "Also manages users, tokens and the audit log: everything",
};

/** The roles that who has this one may give. */
export function rolesUpTo(role: Role): readonly Role[] {
  return roles.slice(0, roles.indexOf(role) + 1);
}
