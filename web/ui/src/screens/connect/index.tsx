// From a stream to a table in one page: where, which, a look at its events, the schema, the table.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Suspense, useEffect, useRef, useState } from "react";
import { plural } from "@/lib/format";
import { lazy } from "@/lib/lazy";
import { Page, Skeleton, useTitle } from "@/ui/layout";
import { connectionOf, whereOf, type ConnectSearch } from "./search";
import { laterSteps, Step, stepId } from "./step";
import { retention, Streams } from "./streams";
import { useSample } from "./use-sample";
import { awsQuery, placeOf, Where } from "./where";

// The first steps are there at once; what comes after a stream is picked is loaded meanwhile.
const Shape = lazy(() => import("./shape"));
const Landed = lazy(() => import("./landed"));

export default function Connect() {
  const search = useSearch({ from: "/connect" });
  if (!search.connected) return <Wizard search={search} />;
  return (
    <Suspense
      fallback={
        <Page title={search.connected}>
          <Skeleton lines={6} />
        </Page>
      }
    >
      <Landed name={search.connected} />
    </Suspense>
  );
}

function Wizard({ search }: { search: ConnectSearch }) {
  useTitle("Connect a stream");
  const navigate = useNavigate({ from: "/connect" });
  const [moving, setMoving] = useState(false);
  const aws = useQuery(awsQuery);
  const go = (to: ConnectSearch) => {
    setMoving(false);
    void navigate({ search: to });
  };
  const placed = !!search.where && !moving;
  const picked = placed && !!search.stream;
  const stage = picked ? search.stream : placed ? "placed" : "";
  const before = useRef(stage);
  useEffect(() => {
    // What had the focus has gone with its step.
    if (before.current !== stage) document.getElementById(stepId(placed ? 2 : 1))?.focus();
    before.current = stage;
  }, [stage, placed]);
  return (
    <Page title="Connect a stream" subtitle="From a stream to a table that you can query, in a minute. Nothing is read for good until you say so at the end.">
      <Step n={1} title="Where the streams are" state={placed ? "done" : "open"} summary={placeOf(search, aws.data?.region)} change={() => setMoving(true)}>
        <Where search={search} choose={go} keep={search.where && (() => setMoving(false))} />
      </Step>
      <Step n={2} title="The stream" state={picked ? "done" : placed ? "open" : "later"} summary={<StreamSummary search={search} />} change={() => go(whereOf(search))}>
        <Streams search={search} />
      </Step>
      {picked ? (
        <Suspense fallback={<Later />}>
          <Shape key={JSON.stringify([connectionOf(search), search.stream])} search={search} stream={search.stream ?? ""} />
        </Suspense>
      ) : (
        <Later />
      )}
    </Page>
  );
}

function Later() {
  return laterSteps.map((title, i) => <Step key={title} n={i + 3} title={title} state="later" />);
}

/** The stream that was picked, with what the sample tells about it. */
function StreamSummary({ search }: { search: ConnectSearch }) {
  const sample = useSample(connectionOf(search), search.stream ?? "", search.depth, false, !!search.stream);
  const s = sample.data?.stream.name === search.stream ? sample.data?.stream : undefined;
  return (
    <>
      <strong className="font-semibold text-ink">{search.stream}</strong>
      {s && ` · ${plural(s.open_shards, "open shard")} · ${s.mode === "ON_DEMAND" ? "on demand" : "provisioned"} · keeps ${retention(s.retention_hours)}`}
    </>
  );
}
