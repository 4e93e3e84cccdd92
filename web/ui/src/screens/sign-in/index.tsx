import { useQuery } from "@tanstack/react-query";
import { useRouter, useSearch } from "@tanstack/react-router";
import { CircleAlert } from "lucide-react";
import { useEffect } from "react";
import { enter } from "@/api/who";
import { stateQuery } from "@/lib/session";
import { Skeleton } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import { Door } from "./door";
import { SignInForm } from "./form";
import type { Failure } from "./search";

/** What a provider's sign-in came to, and what to do about it. */
const said: Record<Failure, readonly [what: string, next: string]> = {
  denied: ["The sign-in was cancelled, or the provider refused it.", "Try again, or ask whoever manages the provider."],
  no_role: ["The provider knows you, and this server has no role for you.", "Ask an admin of this server to let you in."],
  expired: ["The sign-in took too long, or was begun in another window.", "Begin it once more."],
  provider: ["The provider cannot be reached, or its answer is not right.", "Try again in a moment; if it stays so, an admin finds more in the server's log."],
  disabled: ["Your account is disabled.", "Ask an admin of this server."],
  unverified: ["The provider has not verified your e-mail address.", "Verify it there and sign in again, or ask whoever manages the provider."],
  conflict: ["There is an account with your e-mail already, and the provider does not vouch for that address.", "Sign in with the password, or ask an admin of this server."],
};

export default function Screen() {
  const { return_to: returnTo = "/", error } = useSearch({ from: "/sign-in" });
  const router = useRouter();
  const state = useQuery(stateQuery);
  // Who is let in already has nothing to do here.
  const known = state.data?.me !== undefined;
  useEffect(() => {
    if (known) router.history.replace(returnTo);
  }, [known, returnTo, router]);
  return (
    <Door title="Sign in">
      {error && (
        <div role="alert" className="flex gap-2.5 rounded-md border border-bad/40 bg-bad-soft px-3 py-2.5 text-sm">
          <CircleAlert size={16} className="mt-0.5 shrink-0 text-bad" aria-hidden />
          <div className="space-y-1.5">
            <p>{said[error][0]}</p>
            <p className="text-muted">{said[error][1]}</p>
          </div>
        </div>
      )}
      {state.data && !known ? (
        <>
          <SignInForm returnTo={returnTo} done={(signedIn) => void enter(signedIn, returnTo)} />
          <p className="border-t pt-4 text-xs text-faint">No password, or forgotten? An admin of this server makes you a link. The very first account is made with the link that the server prints at its start.</p>
        </>
      ) : state.error ? (
        <ProblemBox error={state.error} retry={() => void state.refetch()} />
      ) : (
        <Skeleton lines={4} />
      )}
    </Door>
  );
}
