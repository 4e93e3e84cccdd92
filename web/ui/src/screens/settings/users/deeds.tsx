// What an admin does about one account, each in a dialog of its own.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Asked } from "@/accounts/asked";
import { LimitField, limitBody, limitOf } from "@/accounts/limit";
import { accountsChanged, sessionsQuery, type User } from "@/accounts/queries";
import { RoleField } from "@/accounts/role-field";
import { Sessions } from "@/accounts/sessions";
import { api } from "@/api/client";
import { Button } from "@/ui/button";
import { Confirm, Dialog } from "@/ui/dialog";
import { ProblemBox } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { LinkShown, makeLink } from "./link";

export type Deed = "change" | "link" | "sessions" | "disable" | "delete";

interface Props {
  user: User;
  onClose: () => void;
}

const dialogs: Record<Deed, (props: Props) => React.ReactNode> = { change: Change, link: NewLink, sessions: SignOut, disable: Disable, delete: Delete };

export default function Deeds({ what, ...props }: Props & { what: Deed }) {
  const Chosen = dialogs[what];
  return <Chosen {...props} />;
}

const pathOf = (user: User) => ({ params: { path: { id: user.id } } });

/** Does something about an account, says that it is done, and closes the dialog. */
function useDeed(deed: () => Promise<unknown>, done: string, onClose: () => void) {
  return useMutation({
    mutationFn: deed,
    onSuccess: async () => {
      toast(done);
      await accountsChanged();
      onClose();
    },
  });
}

function Change({ user, onClose }: Props) {
  const [role, setRole] = useState(user.role);
  const [limit, setLimit] = useState(limitOf(user));
  const saving = useDeed(
    () => api.PATCH("/api/v1/users/{id}", { ...pathOf(user), body: { ...(role !== user.role && { role }), ...limitBody(role === "admin" ? null : limit) } }),
    `${user.email} is changed`,
    onClose,
  );
  return (
    <Dialog
      open
      onClose={onClose}
      title={`What ${user.email} may do`}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form="change-user" busy={saving.isPending}>
            Save
          </Button>
        </>
      }
    >
      <form
        id="change-user"
        className="space-y-4"
        onSubmit={(e) => {
          e.preventDefault();
          saving.mutate();
        }}
      >
        <RoleField role={role} onChange={setRole} />
        <LimitField role={role} limit={limit} onChange={setLimit} />
        {role !== user.role && <p className="text-sm text-muted">With another role they have to sign in again. Their tokens may from then on do no more than that role.</p>}
        {saving.error && <ProblemBox error={saving.error} />}
      </form>
    </Dialog>
  );
}

function NewLink({ user, onClose }: Props) {
  const making = useMutation({ mutationFn: () => makeLink(user) });
  const link = making.data;
  return (
    <Dialog
      open
      firm={!!link}
      onClose={onClose}
      title={`A link for ${user.email}`}
      description={link ? "It is shown this once; a new one can be made." : "With it they set a password. The one that they have works until then."}
      actions={
        link ? (
          <Button kind="primary" onClick={onClose}>
            I have it
          </Button>
        ) : (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button kind="primary" busy={making.isPending} onClick={() => making.mutate()}>
              Make the link
            </Button>
          </>
        )
      }
    >
      {link && <LinkShown link={link} email={user.email} />}
      {!link && <p className="text-sm text-muted">It works for 24 hours, and takes the place of one that was made before.</p>}
      {making.error && <ProblemBox error={making.error} />}
    </Dialog>
  );
}

function SignOut({ user, onClose }: Props) {
  const sessions = useQuery(sessionsQuery(user.id));
  const ending = useDeed(() => api.DELETE("/api/v1/users/{id}/sessions", pathOf(user)), `${user.email} is signed out everywhere`, onClose);
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Where ${user.email} is signed in`}
      actions={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button kind="danger" disabled={!sessions.data?.length} busy={ending.isPending} onClick={() => ending.mutate()}>
            Sign them out everywhere
          </Button>
        </>
      }
    >
      <Asked query={sessions}>{(list) => (list.length === 0 ? <p className="text-sm text-muted">Nowhere.</p> : <Sessions sessions={list} />)}</Asked>
      {ending.error && <ProblemBox error={ending.error} />}
    </Dialog>
  );
}

function Disable({ user, onClose }: Props) {
  return (
    <Confirm
      open
      onClose={onClose}
      title={`Disable ${user.email}`}
      action="Disable the account"
      run={async () => {
        await api.PATCH("/api/v1/users/{id}", { ...pathOf(user), body: { disabled: true } });
        toast(`${user.email} is disabled`);
        await accountsChanged();
      }}
    >
      <p>Their sessions end now, and neither they nor their tokens get in until the account is enabled again. What they made stays.</p>
    </Confirm>
  );
}

function Delete({ user, onClose }: Props) {
  return (
    <Confirm
      open
      onClose={onClose}
      title={`Delete the account ${user.email}`}
      action="Delete the account"
      name={user.email}
      run={async () => {
        await api.DELETE("/api/v1/users/{id}", pathOf(user));
        toast(`${user.email} is deleted`);
        await accountsChanged();
      }}
    >
      <p>Their sessions and their tokens end with it. Their saved queries and dashboards stay, and so does what the audit log tells of them. This cannot be undone.</p>
    </Confirm>
  );
}
