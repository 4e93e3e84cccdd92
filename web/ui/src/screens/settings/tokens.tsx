import { useQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { Asked } from "@/accounts/asked";
import { CopyCurl } from "@/accounts/copy-curl";
import { tokensQuery } from "@/accounts/queries";
import { Tokens } from "@/accounts/tokens";
import { LinkButton } from "@/ui/button";
import { Card, Empty } from "@/ui/layout";

/** Everybody's tokens. */
export default function TokensPart() {
  const tokens = useQuery(tokensQuery);
  return (
    <Card flush title="API tokens of everybody" actions={<CopyCurl path={() => "/api/v1/tokens"} />}>
      <Asked query={tokens} lines={6}>
        {(list) =>
          list.length === 0 ? (
            <Empty
              icon={KeyRound}
              title="There are no tokens"
              actions={
                <LinkButton to="/profile" search={{ new: "token" }}>
                  Make one in your profile
                </LinkButton>
              }
            >
              Everybody makes their own. Those for programs that are nobody’s are made on the server’s machine, with <code>helios tokens create</code>.
            </Empty>
          ) : (
            <Tokens tokens={list} owners />
          )
        }
      </Asked>
    </Card>
  );
}
