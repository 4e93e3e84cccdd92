// What the screens of accounts ask, and what has to be asked again once something has changed.
import { queryOptions } from "@tanstack/react-query";
import { api, data, type Schemas } from "@/api/client";
import { queryClient } from "@/api/queries";

export type User = Schemas["Account"];
export type Token = Schemas["Token"];
export type UserSession = Schemas["Session"];

export const usersQuery = queryOptions({
  queryKey: ["users"],
  queryFn: async () => (await data(api.GET("/api/v1/users"))).users,
  refetchInterval: 30_000,
});

/** One's own tokens, or for admins all. */
export const tokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: async () => (await data(api.GET("/api/v1/tokens"))).tokens,
  refetchInterval: 30_000,
});

/** The sessions of a user, or one's own. */
export const sessionsQuery = (user?: string) =>
  queryOptions({
    queryKey: ["sessions", user ?? ""],
    queryFn: async () => (await data(user === undefined ? api.GET("/api/v1/auth/sessions") : api.GET("/api/v1/users/{id}/sessions", { params: { path: { id: user } } }))).sessions,
    refetchInterval: 30_000,
  });

/** After an account, a session or a token was changed. */
export async function accountsChanged(): Promise<void> {
  await Promise.all([["users"], ["tokens"], ["sessions"], ["audit"]].map((queryKey) => queryClient.invalidateQueries({ queryKey })));
}
