import { useState } from "react";
import { LimitField, limitBody, type Limit } from "@/accounts/limit";
import { accountsChanged, type User } from "@/accounts/queries";
import { RoleField } from "@/accounts/role-field";
import { api, data, problemOf } from "@/api/client";
import type { Role } from "@/lib/session";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input } from "@/ui/form";
import { ProblemBox } from "@/ui/problem";
import { LinkShown, makeLink, type Link } from "./link";

/** Adds an account, and gives the link with which its user sets a password. */
export default function Invite({ onClose }: { onClose: () => void }) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [limit, setLimit] = useState<Limit>(null);
  const [added, setAdded] = useState<User | null>(null);
  const [link, setLink] = useState<Link | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  // What is done already is not done again, should the second half fail.
  const go = async () => {
    setBusy(true);
    setError(null);
    try {
      const user = added ?? (await data(api.POST("/api/v1/users", { body: { email: email.trim(), role, ...(role !== "admin" && limitBody(limit)) } })));
      setAdded(user);
      setLink(await makeLink(user));
    } catch (e) {
      setError(problemOf(e));
    } finally {
      setBusy(false);
      await accountsChanged();
    }
  };
  if (link && added) {
    return (
      <Dialog
        open
        firm
        onClose={onClose}
        title={`${added.email} is invited`}
        description="This is their link. It is shown this once; a new one can be made."
        actions={
          <Button kind="primary" onClick={onClose}>
            I have it
          </Button>
        }
      >
        <LinkShown link={link} email={added.email} />
      </Dialog>
    );
  }
  const allowed = email.trim() !== "" && !busy;
  return (
    <Dialog
      open
      onClose={onClose}
      title="Invite a user"
      description="They get a link from you, with which they set their password."
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form="invite" disabled={!allowed} busy={busy}>
            {added ? "Make the link" : "Invite"}
          </Button>
        </>
      }
    >
      <form
        id="invite"
        className="space-y-4"
        onSubmit={(e) => {
          e.preventDefault();
          if (allowed) void go();
        }}
      >
        <fieldset disabled={added !== null} className="min-w-0 space-y-4">
          <Field label="E-mail address">
            {(control) => <Input {...control} type="email" required maxLength={254} autoComplete="off" placeholder="name@example.com" value={email} onChange={(e) => setEmail(e.target.value)} className="w-full" />}
          </Field>
          <RoleField role={role} onChange={setRole} />
          <LimitField role={role} limit={limit} onChange={setLimit} />
        </fieldset>
        {error !== null && <ProblemBox error={error} title={added ? `${added.email} is added, and there is no link yet` : undefined} />}
      </form>
    </Dialog>
  );
}
