import { roles, type Role } from "@/lib/session";

/** What a role is for, in a sentence. */
export const roleSays: Record<Role, string> = {
  viewer: "Sees dashboards, sources and freshness, and runs saved queries",
  analyst: "Does what a viewer does, and writes SQL, watches the live tail, exports and saves",
  editor: "Does what an analyst does, and connects and changes sources and schemas, and mends the quarantine",
  admin: "Does everything, and manages users, tokens and the audit log",
};

/** The roles that who has this one may give. */
export function rolesUpTo(role: Role): readonly Role[] {
  return roles.slice(0, roles.indexOf(role) + 1);
}
