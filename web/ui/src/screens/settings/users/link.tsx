// The link with which a user sets a password. Nobody but them is to know the password: so admins hand on a link.
import { api, data, type Schemas } from "@/api/client";
import { exactTime } from "@/lib/format";
import { CodeBlock } from "@/ui/code";
import { Time } from "@/ui/layout";
import type { User } from "@/accounts/queries";

export type Link = Schemas["Link"];

export function makeLink(user: User): Promise<Link> {
  return data(api.POST("/api/v1/users/{id}/reset-link", { params: { path: { id: user.id } } }));
}

/** The link, this once. */
export function LinkShown({ link, email }: { link: Link; email: string }) {
  return (
    <div className="space-y-3 text-sm">
      <CodeBlock text={new URL(link.path, location.origin).href} label="Copy the link" wrap />
      <p className="text-muted">
        Give it to {email} in a way that only they can read. Whoever opens it sets the password of this account. It works once, and until {exactTime(link.expires_at).slice(0, 16)} (<Time at={link.expires_at} />).
      </p>
    </div>
  );
}
