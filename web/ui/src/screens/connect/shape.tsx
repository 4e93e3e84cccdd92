// What depends on the stream that was picked: a look at its events, the schema, the table, and the connection itself.
import { useNavigate } from "@tanstack/react-router";
import { Copy, Hourglass, RefreshCw } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { copy } from "@/lib/clipboard";
import { curl } from "@/lib/curl";
import { number, percent, plural } from "@/lib/format";
import { Button, IconButton, Spinner } from "@/ui/button";
import { Select } from "@/ui/form";
import { Skeleton } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import { tableFor, type Choice } from "./declare";
import { Destination, useFreeTable, useTableWrong } from "./destination";
import { planOf } from "./edits";
import { usePrediction } from "./predict";
import { useEdits } from "./remembered";
import { SampleView } from "./sample";
import { SchemaEditor, type Outlook } from "./schema";
import { connectionOf, type ConnectSearch } from "./search";
import { Send } from "./send";
import { laterSteps, Step } from "./step";
import { useSample, type Sample } from "./use-sample";

export default function Shape({ search, stream }: { search: ConnectSearch; stream: string }) {
  const connection = connectionOf(search);
  const navigate = useNavigate({ from: "/connect" });
  const [waiting, setWaiting] = useState(false);
  const sample = useSample(connection, stream, search.depth, waiting);
  const [edits, change] = useEdits(connection, stream);
  const fields = sample.data?.inference.fields;
  const plan = useMemo(() => planOf(fields ?? [], edits), [fields, edits]);
  const depth = search.depth ?? sample.data?.inference.table.max_depth ?? defaultDepth;
  const prediction = usePrediction(sample.data, sample.dataUpdatedAt, plan, { evolve: search.evolve ?? "add", max_depth: depth });
  const set = useCallback((made: Partial<ConnectSearch>) => void navigate({ search: (old) => ({ ...old, ...made }), replace: true }), [navigate]);
  const free = useFreeTable(tableFor(stream));
  const table = search.table ?? free;
  const wrongTable = useTableWrong(table);
  const times = plan.columns.filter((c) => c.type === "TIMESTAMP").map((c) => c.name);
  const choice: Choice = {
    connection,
    stream,
    table,
    from: search.from ?? "horizon",
    evolve: search.evolve,
    read: search.read,
    retain: search.retain,
    retain_quarantine: search.retain_quarantine,
    max_depth: depth === defaultDepth ? undefined : depth,
    event_time: times.find((t) => t === search.event_time),
    columns: plan.edited ? plan.columns : undefined,
    ignore: plan.ignore,
  };
  const events = sample.data?.events?.length ?? 0;
  // What is no JSON at all goes to quarantine whatever the schema is.
  const broken = events ? (sample.data?.events ?? []).filter((e) => e.reason).length / events : 0;
  const share = prediction.data?.quarantine_share ?? sample.data?.inference.quarantine_share;
  const outlook: Outlook = {
    share: share === undefined || events === 0 ? undefined : broken + (1 - broken) * share,
    fields: prediction.data?.fields ?? fields ?? [],
    pending: prediction.pending && prediction.events > 0 && plan.valid,
    error: prediction.error,
  };
  return (
    <>
      <Step
        n={3}
        title={laterSteps[0]}
        state="open"
        actions={
          events > 0 && (
            <>
              <IconButton icon={Copy} label="Copy as curl" size="sm" onClick={() => void copy(curl(`/api/v1/streams/${encodeURIComponent(stream)}/sample?${new URLSearchParams({ ...connection })}`))} />
              <Button size="sm" icon={RefreshCw} busy={sample.isFetching} onClick={() => void sample.refetch()}>
                Look again
              </Button>
            </>
          )
        }
      >
        {sample.data ? (
          events > 0 ? (
            <SampleView sample={sample.data} taken={sample.dataUpdatedAt} />
          ) : (
            <Silent sample={sample.data} waiting={waiting} setWaiting={setWaiting} />
          )
        ) : sample.error ? (
          <ProblemBox error={sample.error} retry={() => void sample.refetch()} title="The stream could not be read" />
        ) : (
          <Skeleton lines={6} className="max-w-2xl" />
        )}
      </Step>
      <Step n={4} title={laterSteps[1]} state={sample.data ? "open" : "later"} actions={events > 0 && <Depth depth={depth} set={(d) => set({ depth: d === defaultDepth ? undefined : d })} />}>
        {events > 0 && !fields?.length && <p className="mb-3 text-sm text-muted">No event of the sample is a JSON object. Helios reads JSON, also compressed, aggregated or several to a record.</p>}
        {events === 0 && <p className="mb-3 text-sm text-muted">The table grows by itself from the first events. If you know what will come, declare it here.</p>}
        <SchemaEditor plan={plan} change={change} outlook={outlook} events={events} />
      </Step>
      <Step n={5} title={laterSteps[2]} state={sample.data ? "open" : "later"}>
        <Destination search={search} set={set} table={table} times={times} retentionHours={sample.data?.stream.retention_hours} />
      </Step>
      <Step n={6} title={laterSteps[3]} state={sample.data ? "open" : "later"}>
        {outlook.share !== undefined && outlook.share >= 0.01 && (
          <p className="mb-3 text-sm text-warn">About {percent(outlook.share)} of the events will go to quarantine as the schema stands. They can be replayed after a change.</p>
        )}
        <Send choice={choice} ready={plan.valid && !wrongTable && !!sample.data} done={(connected) => void navigate({ search: { connected } })} />
      </Step>
    </>
  );
}

const defaultDepth = 3;

function Depth({ depth, set }: { depth: number; set: (d: number) => void }) {
  return (
    <label className="flex items-center gap-2 text-xs text-muted">
      Flatten objects down to
      <Select small value={depth} onChange={(e) => set(Number(e.target.value))}>
        {[...new Set([1, 2, 3, 4, 5, 8, depth])]
          .sort((a, b) => a - b)
          .map((d) => (
            <option key={d} value={d}>
              {d === 1 ? "1 name" : `${number(d)} names`}
            </option>
          ))}
      </Select>
    </label>
  );
}

/** A stream without events: wait for the first, or go on without. */
function Silent({ sample, waiting, setWaiting }: { sample: Sample; waiting: boolean; setWaiting: (on: boolean) => void }) {
  return (
    <div className="max-w-2xl rounded-lg border border-dashed px-4 py-5">
      <p className="flex items-center gap-2 text-sm font-medium">
        <Hourglass size={15} className="text-muted" aria-hidden />
        This stream holds no event yet{sample.records > 0 && `, only ${plural(sample.records, "record")} without any`}.
      </p>
      <p className="mt-1 text-sm text-muted">Wait here for the first one to see what it looks like, declare the columns by hand, or connect it as it is: its table grows from the first events.</p>
      <div className="mt-3 flex flex-wrap items-center gap-3">
        {waiting ? (
          <>
            <Button onClick={() => setWaiting(false)}>Stop waiting</Button>
            <span className="flex items-center gap-2 text-sm text-muted" aria-live="polite">
              <Spinner /> Looking every few seconds
            </span>
          </>
        ) : (
          <Button onClick={() => setWaiting(true)}>Wait for the first event</Button>
        )}
      </div>
    </div>
  );
}
