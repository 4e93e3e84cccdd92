import type { Role } from "@/lib/session";
import type { SettingsTab } from "./search";

interface Part {
  key: SettingsTab;
  label: string;
  /** Who may see it: everybody, unless a role is named. */
  role?: Role;
  /** It is of accounts: as long as there are none, it says how the first is made. */
  accounts?: boolean;
}

/** The parts of the settings, in their order. */
export const settingsParts: readonly Part[] = [
  { key: "about", label: "About" },
  { key: "users", label: "Users", role: "admin", accounts: true },
  { key: "tokens", label: "Tokens", role: "admin", accounts: true },
  { key: "roles", label: "Roles" },
  { key: "audit", label: "Audit log", role: "admin", accounts: true },
  { key: "backups", label: "Backups", role: "admin" },
  { key: "limits", label: "Limits" },
  { key: "sources", label: "Sources as YAML", role: "editor" },
  { key: "api", label: "API" },
];
