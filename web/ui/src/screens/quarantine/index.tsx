import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ShieldCheck, Terminal } from "lucide-react";
import { Suspense } from "react";
import { NoneOfYours } from "@/accounts/none-of-yours";
import { tablesQuery } from "@/api/queries";
import { copy } from "@/lib/clipboard";
import { curl } from "@/lib/curl";
import { lazy } from "@/lib/lazy";
import { useSession } from "@/lib/session";
import { Button, LinkButton } from "@/ui/button";
import { Segmented } from "@/ui/form";
import { Empty, Page, Skeleton, useTitle } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import { Tables } from "./groups";
import { groupsQuery, hours } from "./queries";
import { nameOf, type Scope } from "./scope";

// A group with its events, mends and dialogs comes after the screen's first load.
const ScopePage = lazy(() => import("./scope-page"));

export default function Screen() {
  const { table, reason, field, search } = useSearch({ from: "/quarantine" });
  if (table === undefined) return <Everything />;
  const scope = { table, reason, field, search };
  return (
    <Suspense fallback={<Coming scope={scope} />}>
      <ScopePage scope={scope} />
    </Suspense>
  );
}

function Coming({ scope }: { scope: Scope }) {
  return (
    <Page title={nameOf(scope)} subtitle="Quarantine">
      <Skeleton lines={6} />
    </Page>
  );
}

/** All groups of all tables. */
function Everything() {
  useTitle("Quarantine");
  const navigate = useNavigate({ from: "/quarantine" });
  const { order = "count" } = useSearch({ from: "/quarantine" });
  const groups = useQuery(groupsQuery);
  const some = groups.data !== undefined && groups.data.length > 0;
  return (
    <Page
      title="Quarantine"
      subtitle="Events that could not become rows: whole, with the reason, until they are mended. The bars are the last 24 hours."
      actions={
        some && (
          <>
            <Segmented
              label="Order"
              value={order}
              onChange={(o) => void navigate({ search: { order: o === "count" ? undefined : o }, replace: true })}
              options={[
                { value: "count", label: "Most first" },
                { value: "newest", label: "Newest first" },
              ]}
            />
            <Button icon={Terminal} onClick={() => void copy(curl(`/api/v1/quarantine-groups?hours=${hours}`), "Copied the command")}>
              Copy as curl
            </Button>
          </>
        )
      }
    >
      {groups.isPending && <Skeleton lines={6} />}
      {groups.error && !groups.data && <ProblemBox error={groups.error} retry={() => void groups.refetch()} />}
      {groups.data && !some && <Nothing />}
      {groups.data && some && <Tables groups={groups.data} order={order} />}
    </Page>
  );
}

function Nothing() {
  const limited = useSession().me?.limited;
  const tables = useQuery({ ...tablesQuery, enabled: limited === true });
  if (limited && tables.isPending) return <Skeleton lines={6} />;
  if (limited && tables.data?.length === 0) return <NoneOfYours icon={ShieldCheck} title="None of your tables is here yet" />;
  return (
    <Empty icon={ShieldCheck} title={limited ? "Nothing of your tables is in quarantine" : "Nothing is in quarantine: every event became a row"} actions={<LinkButton to="/tail">Watch events come in</LinkButton>}>
      Events that do not fit their table are kept here, whole and with the reason, and can be tried again once the table or the event’s source is mended.
    </Empty>
  );
}
