import { Lock } from "lucide-react";
import type { ReactNode } from "react";
import { useSession, type Role } from "@/lib/session";
import { LinkButton } from "@/ui/button";
import { Empty, Page, useTitle } from "@/ui/layout";

/** A screen, for those who have the role. Whoever came by a link is told why they do not see it, and under which title. */
export function Needs({ role, title, children }: { role: Role; title: string; children: ReactNode }) {
  const { may } = useSession();
  return may(role) ? children : <Beyond role={role} title={title} />;
}

function Beyond({ role, title }: { role: Role; title: string }) {
  const { me } = useSession();
  useTitle(title);
  return (
    <Page title={title}>
      <Empty icon={Lock} title={`This needs the role ${role}`} actions={<LinkButton to="/">Overview</LinkButton>}>
        {me && (
          <>
            You are {me.role} <span className="break-words">({me.name})</span>.{" "}
          </>
        )}
        Ask an admin of this server.
      </Empty>
    </Page>
  );
}
