import { Lock } from "lucide-react";
import type { ReactNode } from "react";
import { useSession, type Role } from "@/lib/session";
import { LinkButton } from "@/ui/button";
import { Empty, Page, useTitle } from "@/ui/layout";

/**
 * A screen, for those who have the role, and where it tells of all tables (`whole`), may read all of them. Whoever came by a link
 * is told why they do not see it.
 */
export function Needs({ role, whole = false, title, children }: { role: Role; whole?: boolean; title: string; children: ReactNode }) {
  const { may, meets } = useSession();
  return meets({ role, whole }) ? children : <Beyond title={title} needs={may(role) ? "to read all tables" : `the role ${role}`} />;
}

function Beyond({ title, needs }: { title: string; needs: string }) {
  const { me } = useSession();
  useTitle(title);
  return (
    <Page title={title}>
      <Empty icon={Lock} title={`This needs ${needs}`} actions={<LinkButton to="/">Overview</LinkButton>}>
        <p className="break-words">
          {me && `You are ${me.role}${me.limited ? ", and may read only some tables" : ""} (${me.name}). `}
          Ask an admin of this server.
        </p>
      </Empty>
    </Page>
  );
}
