import { oneOf, text } from "@/lib/search";

/** Why a provider's sign-in came to nothing. */
export const failures = ["denied", "no_role", "expired", "provider", "disabled", "conflict", "unverified"] as const;
export type Failure = (typeof failures)[number];

/** What the address says: where to go afterwards, and what went wrong before. */
export const signInSearch = (raw: Record<string, unknown>): { return_to?: string; error?: Failure } => ({ return_to: inside(text(raw, "return_to")), error: oneOf(raw, "error", failures) });

/** An address of this console, and of nobody else; undefined for every other. */
export function inside(address: string | undefined): string | undefined {
  const here = "http://console";
  if (!address?.startsWith("/") || !URL.canParse(address, here)) return undefined;
  const to = new URL(address, here);
  if (to.origin !== here || ["/sign-in", "/setup", "/reset"].includes(to.pathname) || /^\/(api|metrics)\b/.test(to.pathname)) return undefined;
  // As the browser understood it: what looked like a path may have been another host.
  return to.pathname.startsWith("//") ? undefined : to.pathname + to.search + to.hash;
}
