// Who uses the console, and what they may do. Without accounts the house is open: everybody may do everything.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";

export type Me = Schemas["Me"];
export type Role = Me["role"];
export type SignInState = Schemas["SignInState"];

/** The roles, each of which may do what those before it may. */
export const roles: readonly Role[] = ["viewer", "analyst", "editor", "admin"];

/** Who asks, and what signing in takes. It is there before any screen is. */
export const stateQuery = queryOptions({
  queryKey: ["auth-state"],
  queryFn: () => data(api.GET("/api/v1/auth/state")),
  staleTime: 30_000,
});

export interface Session {
  /** There are accounts. Without any, everybody is let in. */
  accounts: boolean;
  me: Me | undefined;
  /** Whether who is signed in has this role, or one that may do more. */
  may: (role: Role) => boolean;
}

/** Who uses the console. */
export function useSession(): Session {
  return sessionOf(useQuery(stateQuery).data);
}

export function sessionOf(state: SignInState | undefined): Session {
  const me = state?.me;
  return {
    accounts: state?.accounts ?? false,
    me,
    may: (role) => me !== undefined && (me.kind === "open" || roles.indexOf(me.role) >= roles.indexOf(role)),
  };
}
