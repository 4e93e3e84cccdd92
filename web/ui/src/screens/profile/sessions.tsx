import { useQuery } from "@tanstack/react-query";
import { Suspense, useState } from "react";
import { agentName } from "@/accounts/agent";
import { Asked } from "@/accounts/asked";
import { Confirm } from "@/accounts/confirm";
import { accountsChanged, sessionsQuery, type UserSession } from "@/accounts/queries";
import { Sessions } from "@/accounts/sessions";
import { api } from "@/api/client";
import { leave } from "@/api/who";
import { signOut } from "@/shell/person";
import { Button } from "@/ui/button";
import { Card } from "@/ui/layout";
import { toast } from "@/ui/toast";

/** What is to end: a session, or all of them. */
type Ending = UserSession | "all";

/** Where one is signed in. */
export function OwnSessions() {
  const sessions = useQuery(sessionsQuery());
  const [ending, setEnding] = useState<Ending | null>(null);
  const end = async (what: Ending) => {
    if (what === "all") {
      await api.DELETE("/api/v1/auth/sessions");
      leave();
      return;
    }
    await api.DELETE("/api/v1/auth/sessions/{id}", { params: { path: { id: what.id } } });
    toast("The session has ended");
    await accountsChanged();
  };
  return (
    <Card
      flush
      title="Sessions"
      actions={
        <Button size="sm" disabled={!sessions.data} onClick={() => setEnding("all")}>
          Sign out everywhere
        </Button>
      }
    >
      <Asked query={sessions}>
        {(list) => (
          <div className="px-4">
            <Sessions
              sessions={list}
              end={(s) => (
                <Button size="sm" aria-label={s.current ? "Sign out here" : `End the session of ${agentName(s.agent)}, ${s.address}`} onClick={() => (s.current ? void signOut() : setEnding(s))}>
                  {s.current ? "Sign out" : "End"}
                </Button>
              )}
            />
          </div>
        )}
      </Asked>
      <Suspense fallback={null}>
        {ending && (
          <Confirm open onClose={() => setEnding(null)} title={words(ending).title} action={words(ending).action} run={() => end(ending)}>
            <p>{words(ending).says}</p>
          </Confirm>
        )}
      </Suspense>
    </Card>
  );
}

function words(ending: Ending): { title: string; action: string; says: string } {
  if (ending === "all") return { title: "Sign out everywhere", action: "Sign out everywhere", says: "Every browser in which you are signed in has to sign in again, this one too. Tokens go on working." };
  return { title: `End the session of ${agentName(ending.agent)}`, action: "End it", says: "That browser has to sign in again with its next request." };
}
