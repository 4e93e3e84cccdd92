import { oneOf } from "@/lib/search";

export const settingsTabs = ["about", "limits", "sources"] as const;

/** What the address of the settings says: the open part. */
export const settingsSearch = (raw: Record<string, unknown>): { tab?: (typeof settingsTabs)[number] } => ({ tab: oneOf(raw, "tab", settingsTabs) });
