import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { KeyRound, Plus } from "lucide-react";
import { Suspense } from "react";
import { Asked } from "@/accounts/asked";
import { tokensQuery } from "@/accounts/queries";
import { Tokens } from "@/accounts/tokens";
import { lazy } from "@/lib/lazy";
import type { Me } from "@/lib/session";
import { Button } from "@/ui/button";
import { Card, Empty } from "@/ui/layout";

const NewToken = lazy(() => import("./new-token"));

/** The tokens that act for oneself. */
export function OwnTokens({ me }: { me: Me }) {
  const { new: making } = useSearch({ from: "/profile" });
  const navigate = useNavigate({ from: "/profile" });
  const tokens = useQuery({ ...tokensQuery, select: (all) => all.filter((t) => t.owner === me.name) });
  const make = (
    <Button size="sm" icon={Plus} onClick={() => void navigate({ search: { new: "token" } })}>
      New token
    </Button>
  );
  return (
    <Card flush title="API tokens" actions={tokens.data?.length ? make : undefined}>
      <Asked query={tokens}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon={KeyRound} title="You have no tokens" actions={make}>
              With a token a script, a schedule or the command line comes in as you, with as little as it needs.
            </Empty>
          ) : (
            <Tokens tokens={list} />
          )
        }
      </Asked>
      <Suspense fallback={null}>{making === "token" && <NewToken me={me} onClose={() => void navigate({ search: {}, replace: true })} />}</Suspense>
    </Card>
  );
}
