import { Link } from "@tanstack/react-router";
import { OpenHouse } from "@/accounts/open-house";
import { roleSays } from "@/accounts/roles";
import { useSession, type Me } from "@/lib/session";
import { Card, Page, useTitle } from "@/ui/layout";
import { Password } from "./password";
import { OwnSessions } from "./sessions";
import { OwnTokens } from "./tokens";

export default function Screen() {
  useTitle("Profile");
  const { accounts, me } = useSession();
  return (
    <Page title="Profile" subtitle={accounts ? "Your account: what it may do, where it is signed in, and the tokens that act for it" : undefined}>
      {me && (accounts ? <Profile me={me} /> : <OpenHouse />)}
    </Page>
  );
}

function Profile({ me }: { me: Me }) {
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[20rem_minmax(0,1fr)]">
      <div className="space-y-4">
        <Card title="You">
          <You me={me} />
        </Card>
        {!me.provider && <Password email={me.name} />}
      </div>
      <div className="min-w-0 space-y-4">
        <OwnSessions />
        <OwnTokens me={me} />
      </div>
    </div>
  );
}

function You({ me }: { me: Me }) {
  return (
    <dl className="space-y-3 text-sm">
      <div>
        <dt className="text-xs text-faint">E-mail</dt>
        <dd className="font-medium break-words">{me.name}</dd>
      </div>
      <div>
        <dt className="text-xs text-faint">Role</dt>
        <dd>
          <span className="font-medium">{me.role}</span>
          <span className="block text-muted">{roleSays[me.role]}.</span>
          <Link to="/settings" search={{ tab: "roles" }} className="text-xs text-accent hover:underline">
            What each role may do
          </Link>
        </dd>
      </div>
      <div>
        <dt className="text-xs text-faint">Signs in with</dt>
        <dd>
          {me.provider ?? "a password"}
          {me.provider && <span className="block text-xs text-faint">The password is changed there, and the role comes from there with each sign-in.</span>}
        </dd>
      </div>
      <div>
        <dt className="text-xs text-faint">Tables</dt>
        <dd className="break-words">{me.limited ? me.tables.join(", ") || "none" : "all"}</dd>
      </div>
    </dl>
  );
}
