import { oneOf } from "@/lib/search";

export const settingsTabs = ["about", "limits", "sources", "api"] as const;
export type SettingsTab = (typeof settingsTabs)[number];

/** What the address of the settings says: the open part. */
export const settingsSearch = (raw: Record<string, unknown>): { tab?: SettingsTab } => ({ tab: oneOf(raw, "tab", settingsTabs) });
