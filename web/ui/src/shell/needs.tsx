import { Lock } from "lucide-react";
import type { ReactNode } from "react";
import { useSession, withArticle, type Role } from "@/lib/session";
import { LinkButton } from "@/ui/button";
import { Empty, Page, useTitle } from "@/ui/layout";

/**
 * A screen, for those who have the role, and where it tells of all tables (`whole`), may read all of them. Whoever came by a link
 * is told why they do not see it.
 */
export function Needs({ role, whole = false, title, children }: { role: Role; whole?: boolean; title: string; children: ReactNode }) {
  const { meets } = useSession();
  return meets({ role, whole }) ? children : <Beyond role={role} title={title} />;
}

function Beyond({ role, title }: { role: Role; title: string }) {
  useTitle(title);
  return (
    <Page title={title}>
      <NotForYou role={role} />
    </Page>
  );
}

/** Why a screen, or a part of one, is not shown: what it needs, and who can give that. */
export function NotForYou({ role }: { role: Role }) {
  const { me, may } = useSession();
  return (
    <Empty icon={Lock} title={may(role) ? "This needs all tables" : `This needs the role ${role}`} actions={<LinkButton to="/">Overview</LinkButton>}>
      <p className="break-words">
        {me && `You are ${withArticle(me.role)}${me.limited ? ", and may read only some tables" : ""} (${me.name}). `}
        Ask an admin of this server.
      </p>
    </Empty>
  );
}
