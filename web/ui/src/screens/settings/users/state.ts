import type { User } from "@/accounts/queries";
import type { Tone } from "@/ui/layout";

/** How a user proves who they are: their password, or the identity provider by its name. */
export function signsInWith(user: User): string {
  return user.provider || "password";
}

/** What is to be known about an account that cannot be used as it is; nothing for all others. */
export function stateOf(user: User): { label: string; says: string; tone: Tone } | undefined {
  if (user.disabled) return { label: "disabled", says: "Cannot sign in, nor can their tokens be used", tone: "warn" };
  if (user.barred) return { label: "barred", says: "No rule of the provider lets them in any more", tone: "warn" };
  if (!user.has_password && signsInWith(user) === "password") return { label: "invited", says: "Has no password yet: a link lets them set one", tone: "info" };
  return undefined;
}
