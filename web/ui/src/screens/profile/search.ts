import { oneOf } from "@/lib/search";

/** What the address of the profile says: whether a token is being made. */
export const profileSearch = (raw: Record<string, unknown>): { new?: "token" } => ({ new: oneOf(raw, "new", ["token"]) });
