// Who uses the console, and what they may do. Without accounts the house is open: everybody may do everything.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Schemas } from "@/api/client";
import { ask } from "@/api/who";
import { accessOf, accessTo, type Access, type Route } from "./access";

export type Me = Schemas["Me"];
export type Role = Me["role"];
export type SignInState = Schemas["SignInState"];

/** The roles, each of which may do what those before it may. */
export const roles: readonly Role[] = ["viewer", "analyst", "editor", "admin"];

/** The role as what somebody is: "an editor". */
export const withArticle = (role: Role) => `${role === "viewer" ? "a" : "an"} ${role}`;

/** Who asks, and what signing in takes. It is there before any screen is. */
export const stateQuery = queryOptions({ queryKey: ["auth-state"], queryFn: ask, staleTime: 30_000, refetchOnWindowFocus: "always" });

export interface Session {
  /** There are accounts. Without any, everybody is let in. */
  accounts: boolean;
  me: Me | undefined;
  /** Whether who is signed in has this role, or one that may do more. */
  may: (role: Role) => boolean;
  /** Whether they may use a route of the API: what they may not is not offered. */
  can: (route: Route) => boolean;
  /** Whether a screen of the console is for them. */
  reaches: (path: string) => boolean;
  /** The same, of what a route or a screen needs. */
  meets: (needs: Access) => boolean;
}

/** Who uses the console. It is the same object as long as they may do the same. */
export function useSession(): Session {
  const { data } = useQuery(stateQuery);
  return useMemo(() => sessionOf(data), [data]);
}

export function sessionOf(state: Pick<SignInState, "accounts" | "me"> | undefined): Session {
  const me = state?.me;
  const may = (role: Role) => me !== undefined && (me.kind === "open" || roles.indexOf(me.role) >= roles.indexOf(role));
  const meets = ({ role, whole }: Access) => may(role) && !(whole && me?.limited);
  const reaches = (path: string) => {
    const needs = accessTo(path);
    return !needs || meets(needs);
  };
  return { accounts: state?.accounts ?? false, me, may, meets, can: (route) => meets(accessOf(route)), reaches };
}
