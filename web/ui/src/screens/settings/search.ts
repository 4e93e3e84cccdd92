import { oneOf, text } from "@/lib/search";

export const settingsTabs = ["about", "users", "tokens", "roles", "audit", "backups", "limits", "sources", "api"] as const;
export type SettingsTab = (typeof settingsTabs)[number];

export const auditRanges = ["1h", "24h", "7d", "30d"] as const;

/** Which entries of the audit log are looked at. `before` is the last entry of the page before, `open` the one that is unfolded. */
export interface AuditFilter {
  find?: string;
  action?: string;
  range?: (typeof auditRanges)[number];
  from?: string;
  until?: string;
  before?: string;
  open?: string;
}

/** What the address of the settings says: the open part, whether a user is being invited or a backup asked for, and what is looked for. */
export const settingsSearch = (raw: Record<string, unknown>): { tab?: SettingsTab; new?: "user" | "backup" } & AuditFilter => ({
  tab: oneOf(raw, "tab", settingsTabs),
  new: oneOf(raw, "new", ["user", "backup"]),
  find: text(raw, "find"),
  action: text(raw, "action"),
  range: oneOf(raw, "range", auditRanges),
  from: time(raw, "from"),
  until: time(raw, "until"),
  before: text(raw, "before"),
  open: text(raw, "open"),
});

/** A moment as the server takes it, or undefined. */
function time(raw: Record<string, unknown>, name: string): string | undefined {
  const at = Date.parse(text(raw, name) ?? "");
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}
