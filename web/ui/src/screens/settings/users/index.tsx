import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { EllipsisVertical, Plus } from "lucide-react";
import { Suspense, useCallback, useState } from "react";
import { Asked } from "@/accounts/asked";
import { CopyCurl } from "@/accounts/copy-curl";
import { Find } from "@/accounts/find";
import { LimitText, limitOf } from "@/accounts/limit";
import { accountsChanged, usersQuery, type User } from "@/accounts/queries";
import { Cell, Deeds, Head, Row, Rows } from "@/accounts/rows";
import { api, problemOf } from "@/api/client";
import { lazy } from "@/lib/lazy";
import { stateQuery, useSession } from "@/lib/session";
import { Button, IconButton } from "@/ui/button";
import { Badge, Card, Time } from "@/ui/layout";
import { Menu, type MenuEntry } from "@/ui/menu";
import { toast } from "@/ui/toast";
import type { Deed } from "./deeds";
import { signsInWith, stateOf } from "./state";

const Doing = lazy(() => import("./deeds"));
const Invite = lazy(() => import("./invite"));

const grid = "@min-[40rem]:grid-cols-[minmax(0,2fr)_4.5rem_minmax(0,1fr)_minmax(0,1fr)_5.5rem_2rem]";
const many = 8; // from so many on they are searched

/** Who has an account, and what is done about it. */
export default function UsersPart() {
  const { find, new: making } = useSearch({ from: "/settings" });
  const navigate = useNavigate({ from: "/settings" });
  const users = useQuery(usersQuery);
  const oidc = useQuery(stateQuery).data?.methods.includes("oidc") ?? false;
  const { me } = useSession();
  const [deed, setDeed] = useState<{ what: Deed; user: User } | null>(null);
  const search = useCallback((text: string | undefined) => void navigate({ search: (now) => ({ ...now, find: text }), replace: true }), [navigate]);
  const invite = (on: boolean) => void navigate({ search: (now) => ({ ...now, new: on ? "user" : undefined }), replace: !on });
  return (
    <Card
      flush
      title="Users"
      actions={
        <>
          <CopyCurl path={() => "/api/v1/users"} />
          <Button size="sm" kind="primary" icon={Plus} onClick={() => invite(true)}>
            Invite
          </Button>
        </>
      }
    >
      <Asked query={users} lines={6}>
        {(all) => {
          const shown = all.filter((u) => !find || u.email.includes(find.toLowerCase()));
          return (
            <>
              {(all.length >= many || find) && (
                <div className="flex border-b px-4 py-2.5">
                  <Find label="Find a user" placeholder="E-mail address" value={find} onChange={search} />
                </div>
              )}
              {shown.length === 0 && <p className="px-4 py-8 text-center text-sm text-muted">Nobody has “{find}” in their address.</p>}
              {shown.length > 0 && (
                <Rows label="Users" grid={grid} columns={["E-mail", "Role", "Tables", "Signs in with", "Last sign-in", ""]}>
                  {shown.map((u) => (
                    <UserRow key={u.id} user={u} self={u.id === me?.id} start={(what) => setDeed({ what, user: u })} />
                  ))}
                </Rows>
              )}
            </>
          );
        }}
      </Asked>
      {oidc && <p className="border-t px-4 py-2.5 text-xs text-faint">Who comes from the identity provider needs no invitation: a rule in the settings file gives them their role with each sign-in.</p>}
      <Suspense fallback={null}>
        {deed && <Doing {...deed} onClose={() => setDeed(null)} />}
        {making === "user" && <Invite onClose={() => invite(false)} />}
      </Suspense>
    </Card>
  );
}

function UserRow({ user, self, start }: { user: User; self: boolean; start: (deed: Deed) => void }) {
  const state = stateOf(user);
  return (
    <Row grid={grid} muted={user.disabled}>
      <Head>
        <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="min-w-0 font-medium break-words">{user.email}</span>
          {self && <Badge>you</Badge>}
          {state && (
            <Badge tone={state.tone} title={state.says}>
              {state.label}
            </Badge>
          )}
        </span>
        <span className="block text-xs text-faint">
          added <Time at={user.created_at} />
        </span>
      </Head>
      <Cell label="Role">{user.role}</Cell>
      <Cell label="Tables">
        <LimitText limit={limitOf(user)} />
      </Cell>
      <Cell label="Signs in with">{signsInWith(user)}</Cell>
      <Cell label="Last sign-in">{user.signed_in_at ? <Time at={user.signed_in_at} /> : <span className="text-muted">never</span>}</Cell>
      <Deeds>
        <Menu items={entries(user, start)}>
          <IconButton icon={EllipsisVertical} size="sm" label={`What to do about ${user.email}`} />
        </Menu>
      </Deeds>
    </Row>
  );
}

function entries(user: User, start: (deed: Deed) => void): MenuEntry[] {
  return [
    { label: "Role and tables…", run: () => start("change") },
    { label: "Link to set a password…", run: () => start("link"), disabled: user.disabled || signsInWith(user) !== "password" },
    { label: "Sessions…", run: () => start("sessions") },
    user.disabled ? { label: "Enable", run: () => void enable(user) } : { label: "Disable…", run: () => start("disable") },
    "-",
    { label: "Delete…", danger: true, run: () => start("delete") },
  ];
}

async function enable(user: User) {
  try {
    await api.PATCH("/api/v1/users/{id}", { params: { path: { id: user.id } }, body: { disabled: false } });
    toast(`${user.email} may sign in again`);
  } catch (error) {
    toast(problemOf(error).message, "bad");
  }
  await accountsChanged();
}
