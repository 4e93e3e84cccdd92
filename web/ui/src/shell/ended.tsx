// Asks to sign in again, over the screen as it is: nothing that was begun there is lost.
import { useQuery } from "@tanstack/react-query";
import { useRouterState } from "@tanstack/react-router";
import { Dialog as D } from "radix-ui";
import { enter, leave } from "@/api/who";
import { stateQuery } from "@/lib/session";
import { AtProvider, SignInForm } from "@/screens/sign-in/form";
import { Button } from "@/ui/button";
import { useFocusBack } from "@/ui/focus-back";

const stay = (e: Event) => e.preventDefault(); // there is no way around it

export default function Ended() {
  const { data: state } = useQuery(stateQuery);
  const here = useRouterState({ select: (s) => s.location.href });
  const { onCloseAutoFocus } = useFocusBack();
  const wasOpen = state?.me?.kind === "open";
  return (
    <D.Root open>
      <D.Portal>
        <D.Overlay className="fixed inset-0 z-50 bg-shade" />
        <D.Content
          onEscapeKeyDown={stay}
          onInteractOutside={stay}
          onCloseAutoFocus={onCloseAutoFocus}
          className="fixed top-[10vh] left-1/2 z-50 max-h-[84vh] w-[calc(100vw-2rem)] max-w-sm -translate-x-1/2 space-y-4 overflow-auto rounded-lg border bg-surface p-6 shadow-(--shadow-floating) outline-none"
        >
          <div>
            <D.Title className="text-base">{wasOpen ? "Helios needs an account now" : "Your session has ended"}</D.Title>
            <D.Description className="mt-1 text-sm text-muted">{wasOpen ? "Somebody has made the first one: sign in to go on." : "Sign in again to go on: everything here stays as you left it."}</D.Description>
          </div>
          {state?.oidc && state.me?.provider ? (
            <AtProvider kind="primary" name={state.oidc.name} returnTo={here} /> // where they have their only password
          ) : (
            <SignInForm email={wasOpen ? undefined : state?.me?.name} returnTo={here} done={(signedIn) => void enter(signedIn, here)} />
          )}
          <Button kind="quiet" size="sm" className="w-full" onClick={() => leave()}>
            Leave this page
          </Button>
        </D.Content>
      </D.Portal>
    </D.Root>
  );
}
