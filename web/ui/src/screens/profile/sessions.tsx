import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { agentName } from "@/accounts/agent";
import { Asked } from "@/accounts/asked";
import { accountsChanged, sessionsQuery, type UserSession } from "@/accounts/queries";
import { Sessions } from "@/accounts/sessions";
import { api } from "@/api/client";
import { stateQuery } from "@/lib/session";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/dialog";
import { Card } from "@/ui/layout";
import { toast } from "@/ui/toast";

/** Where one is signed in. */
export function OwnSessions() {
  const client = useQueryClient();
  const sessions = useQuery(sessionsQuery());
  const [ending, setEnding] = useState<UserSession | "all" | null>(null);
  const end = async () => {
    if (ending === "all") await api.DELETE("/api/v1/auth/sessions");
    else if (ending) await api.DELETE("/api/v1/auth/sessions/{id}", { params: { path: { id: ending.id } } });
    if (ending === "all" || ending?.current) {
      // Whoever looks at this is signed out now: the page asks who they are, and then for a sign-in.
      await client.invalidateQueries(stateQuery);
      return;
    }
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
                <Button size="sm" aria-label={s.current ? "Sign out here" : `End the session of ${agentName(s.agent)}, ${s.address}`} onClick={() => setEnding(s)}>
                  {s.current ? "Sign out" : "End"}
                </Button>
              )}
            />
          </div>
        )}
      </Asked>
      <Confirm
        open={ending !== null}
        onClose={() => setEnding(null)}
        title={ending === "all" ? "Sign out everywhere" : ending?.current ? "Sign out here" : `End the session of ${ending ? agentName(ending.agent) : ""}`}
        action={ending === "all" ? "Sign out everywhere" : ending?.current ? "Sign out" : "End it"}
        run={end}
      >
        <p>{ending === "all" ? "Every browser in which you are signed in has to sign in again, this one too. Tokens go on working." : ending?.current ? "This browser has to sign in again." : "That browser has to sign in again with its next request."}</p>
      </Confirm>
    </Card>
  );
}
