// How everything is doing: what needs attention first, then every source, live.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Copy, Plug, SunMedium } from "lucide-react";
import { useMemo, useState } from "react";
import { NoneOfYours } from "@/accounts/none-of-yours";
import { backupStatusQuery, sourcesQuery, tablesQuery } from "@/api/queries";
import { copy } from "@/lib/clipboard";
import { curl } from "@/lib/curl";
import { useSession } from "@/lib/session";
import { IconButton, LinkButton } from "@/ui/button";
import { CodeBlock } from "@/ui/code";
import { Input } from "@/ui/form";
import { Card, Empty, Page, Skeleton, useTitle } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import { concerns, settle, type Concern } from "./attention";
import { ofBackups } from "./attention-backups";
import { AttentionList } from "./attention-list";
import { historyQuery } from "./history";
import { Queries } from "./queries";
import { Sources } from "./sources";
import { Totals } from "./totals";

export default function Overview() {
  useTitle("Overview");
  const sources = useQuery(sourcesQuery);
  const none = sources.data?.length === 0;
  return (
    <Page
      title="Overview"
      actions={
        !none && (
          <LinkButton kind="primary" icon={Plug} to="/connect">
            Connect a stream
          </LinkButton>
        )
      }
    >
      {sources.data ? none ? <FirstRun /> : <Live /> : sources.error ? <ProblemBox error={sources.error} retry={() => void sources.refetch()} title="The sources could not be loaded" /> : <Skeleton lines={9} />}
    </Page>
  );
}

function Live() {
  const { data: sources = [] } = useQuery(sourcesQuery);
  const { data: tables } = useQuery(tablesQuery);
  const { data: histories } = useQuery(historyQuery);
  const { can } = useSession();
  const mends = can("POST /api/v1/quarantine/{table}/replay");
  const { data: backups } = useQuery({ ...backupStatusQuery, enabled: can("GET /api/v1/backups/status") });
  const [seen] = useState(() => new Map<string, { concern: Concern; at: number }>());
  const found = useMemo(() => {
    const now = Date.now();
    return settle([...concerns(sources, histories?.bySource ?? {}, now, mends), ...ofBackups(backups, now)], seen, now);
  }, [sources, histories, backups, seen, mends]);
  return (
    <div className="space-y-5">
      <AttentionList concerns={found} />
      <Totals sources={sources} tables={tables} histories={histories} />
      <Card
        flush
        title="Sources"
        actions={
          <>
            {sources.length > 6 && <Find />}
            <IconButton icon={Copy} label="Copy as curl" size="sm" onClick={() => void copy(curl("/api/v1/sources"))} />
          </>
        }
      >
        <Sources sources={sources} histories={histories} concerns={found} />
      </Card>
      <Queries />
    </div>
  );
}

function Find() {
  const { find = "" } = useSearch({ from: "/" });
  const navigate = useNavigate({ from: "/" });
  return (
    <Input
      small
      type="search"
      aria-label="Find a source"
      placeholder="Find"
      value={find}
      className="w-40"
      onChange={(e) => void navigate({ search: (old) => ({ ...old, find: e.target.value || undefined }), replace: true })}
    />
  );
}

function FirstRun() {
  const { me, reaches } = useSession();
  if (me?.limited) return <NoneOfYours icon={SunMedium} title="No stream of your tables is connected yet" says="Once a stream is connected to one of them, it is seen here." />;
  if (!reaches("/connect")) {
    return (
      <Empty icon={SunMedium} title="No stream is connected yet">
        Ask an editor or an admin of this server to connect one.
      </Empty>
    );
  }
  return (
    <div className="mx-auto max-w-xl">
      <Empty
        icon={SunMedium}
        title="No stream is connected yet"
        actions={
          <LinkButton kind="primary" icon={Plug} to="/connect">
            Connect a stream
          </LinkButton>
        }
      >
        Choose an Amazon Kinesis data stream, look at its events, and a moment later every one of them is a row that you can query.
      </Empty>
      <div className="border-t pt-5">
        <h2 className="text-sm">Only want to look around?</h2>
        <p className="mt-1 mb-2 text-sm text-muted">The demo brings a shop that sends events, a stream, and a dashboard. It needs nothing else, and nothing leaves the machine.</p>
        <CodeBlock text="helios demo" label="Copy the command" />
      </div>
    </div>
  );
}
