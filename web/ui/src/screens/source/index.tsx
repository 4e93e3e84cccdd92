import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowRight, Unplug } from "lucide-react";
import { Suspense, useCallback, useState, type ReactNode } from "react";
import { Problem, problemOf } from "@/api/client";
import { sourceQuery } from "@/api/queries";
import { advice } from "@/data/advice";
import { stateOf } from "@/data/source-state";
import { bytes, duration, measured, number } from "@/lib/format";
import { lazy } from "@/lib/lazy";
import { useSession } from "@/lib/session";
import { NotForYou } from "@/shell/needs";
import { LinkButton } from "@/ui/button";
import { Badge, Card, Empty, Page, Skeleton, Stat, Time, useTitle } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import { Tabs } from "@/ui/tabs";
import { Actions } from "./header";
import { Notices } from "./notices";
import { tableQuery, useAddress, type Source } from "./queries";

// What a source is comes first; its parts when they are looked at.
const Shards = lazy(async () => ({ default: (await import("./shards")).Shards }));
const Throughput = lazy(async () => ({ default: (await import("./throughput")).Throughput }));
const Schema = lazy(async () => ({ default: (await import("./schema")).Schema }));
const SourceSettings = lazy(async () => ({ default: (await import("./settings")).SourceSettings }));
const Remove = lazy(async () => ({ default: (await import("./remove")).Remove }));

function Part({ children }: { children: ReactNode }) {
  return (
    <Suspense
      fallback={
        <Card>
          <Skeleton lines={8} />
        </Card>
      }
    >
      {children}
    </Suspense>
  );
}

export default function Screen() {
  const { name } = useAddress();
  const source = useQuery(sourceQuery(name));
  useTitle(name);
  const gone = source.error !== null && problemOf(source.error).code === "not_found"; // maybe only since it was shown
  if (source.data && !gone) return <Known key={name} source={source.data} />;
  return (
    <Page title={name}>
      {!source.error ? (
        <Skeleton lines={6} />
      ) : gone ? (
        <Empty icon={Unplug} title={`There is no source called ${name}`} actions={[<LinkButton key="o" to="/">Overview</LinkButton>, <LinkButton key="c" to="/connect" kind="primary">Connect a stream</LinkButton>]}>
          It may have been removed. Its table may still be there.
        </Empty>
      ) : (
        <ProblemBox error={source.error} retry={() => void source.refetch()} />
      )}
    </Page>
  );
}

function Known({ source }: { source: Source }) {
  const { search, go } = useAddress();
  const changes = useSession().can("PATCH /api/v1/sources/{name}");
  const [removing, setRemoving] = useState(false);
  const remove = useCallback(() => setRemoving(true), []);
  const table = useQuery(tableQuery(source.settings.table));
  const { stream, connection, paused } = source.settings;
  const state = stateOf(source);
  return (
    <Page
      title={
        <span className="flex items-center gap-2.5">
          <span className="truncate">{source.settings.name}</span>
          <Badge tone={state.tone} dot>
            {state.label}
          </Badge>
        </span>
      }
      subtitle={
        <span className="flex flex-wrap items-center gap-x-1">
          <span>stream {stream}</span>
          {connection.region && <span>in {connection.region}</span>}
          <ArrowRight size={13} aria-label="to" className="mx-0.5 text-faint" />
          <span>table {source.settings.table}</span>
        </span>
      }
      actions={<Actions source={source} onRemove={remove} />}
    >
      {source.error && (
        <div className="mb-4">
          <ProblemBox title={source.state === "failing" ? "The stream cannot be read" : "A part of the stream cannot be read"} error={new Problem(0, { detail: source.error, hint: advice(source), action: source.action, policy: source.policy })} />
        </div>
      )}
      {paused && <p className="mb-4 rounded-md bg-hover px-4 py-2 text-sm text-muted">Paused: nothing is read. Resume it before the stream's own retention ends, and no event is missed.</p>}
      <Notices notices={source.notices} />
      <Figures source={source} rows={table.data?.rows} />
      <Tabs
        label="Parts of the source"
        value={search.tab ?? "shards"}
        onChange={(tab) => go({ tab: tab === "shards" ? undefined : tab }, false)}
        tabs={[
          { key: "shards", label: "Shards", content: <Part><Shards source={source} /></Part> },
          { key: "throughput", label: "Throughput", content: <Part><Throughput source={source} /></Part> },
          { key: "schema", label: "Schema", content: <Part><Schema source={source} /></Part> },
          ...(changes || search.tab === "settings" ? [{ key: "settings" as const, label: "Settings", content: <Part>{changes ? <SourceSettings source={source} table={table.data} onRemove={remove} /> : <NotForYou role="editor" />}</Part> }] : []),
        ]}
      />
      <Suspense fallback={null}>{removing && <Remove source={source} rows={table.data?.rows} open onClose={() => setRemoving(false)} />}</Suspense>
    </Page>
  );
}

function Quarantined({ table, count }: { table: string; count: number }) {
  const { reaches } = useSession();
  if (!reaches("/quarantine")) return number(count);
  return (
    <Link to="/quarantine" search={{ table }} className="underline decoration-warn/40 underline-offset-3 hover:decoration-warn">
      {number(count)}
    </Link>
  );
}

function Figures({ source, rows }: { source: Source; rows: number | undefined }) {
  const held = source.quarantined_last_hour;
  return (
    <Card className="mb-4">
      <div className="grid grid-cols-2 gap-x-6 gap-y-4 sm:grid-cols-3 lg:grid-cols-6">
        <Stat label="Events/s" value={measured(source.events_per_second)} detail="mean of 10 s" />
        <Stat label="Volume/s" value={bytes(Math.round(source.bytes_per_second))} detail="as it comes" />
        <Stat label="Lag" value={duration(source.lag_ms)} detail={source.settings.paused ? "while it is paused" : source.lag_ms === null ? "not known yet" : "behind the tip"} />
        <Stat label="Newest event" value={<Time at={source.newest_arrived_at} />} detail={source.newest_arrived_at ? "when it arrived" : "none since the start"} />
        <Stat label="Quarantined, 1 h" value={held > 0 ? <Quarantined table={source.settings.table} count={held} /> : "0"} detail="since mended or not" tone={held > 0 ? "warn" : undefined} />
        <Stat label="Rows" value={number(rows)} detail="in the table" />
      </div>
    </Card>
  );
}
