// The streams that the server can see, with how much comes in, measured as they come into view.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ChevronRight, Copy, RefreshCw, Waypoints } from "lucide-react";
import { useState, type ReactNode } from "react";
import { api, data, problemOf, type Schemas } from "@/api/client";
import { sourcesQuery } from "@/api/queries";
import { copy } from "@/lib/clipboard";
import { curl } from "@/lib/curl";
import { bytes, measured, number, plural } from "@/lib/format";
import { Button, IconButton, Spinner } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Input } from "@/ui/form";
import { Badge, Empty, Skeleton } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import { gate, useSeen } from "./lazily";
import { connectionOf, whereOf, type Connection, type ConnectSearch } from "./search";

const page = 50;

export function Streams({ search }: { search: ConnectSearch }) {
  const connection = connectionOf(search);
  const navigate = useNavigate({ from: "/connect" });
  const [shown, setShown] = useState(page);
  const streams = useQuery({
    queryKey: ["streams", connection],
    queryFn: async ({ signal }) => (await data(api.GET("/api/v1/streams", { params: { query: connection }, signal }))).streams,
    staleTime: 30_000,
  });
  if (streams.error) return <ProblemBox error={streams.error} retry={() => void streams.refetch()} title="The streams could not be listed" />;
  if (!streams.data) return <Skeleton lines={5} className="max-w-2xl" />;
  if (!streams.data.length) {
    return (
      <Empty icon={Waypoints} title="There is no stream here" actions={<Button icon={RefreshCw} busy={streams.isFetching} onClick={() => void streams.refetch()}>Look again</Button>}>
        The credentials are good and the place answers, but it has no streams. Is it the region that you meant?
      </Empty>
    );
  }
  const words = (search.find ?? "").toLowerCase().split(/\s+/);
  const found = streams.data.filter((s) => words.every((w) => s.name.toLowerCase().includes(w)));
  return (
    <div className="space-y-3">
      <div className="flex flex-wrap items-center gap-2">
        <Input
          type="search"
          aria-label="Find a stream"
          placeholder={`Find among ${plural(streams.data.length, "stream")}`}
          className="w-full sm:w-72"
          value={search.find ?? ""}
          onChange={(e) => {
            setShown(page);
            void navigate({ search: (old) => ({ ...old, find: e.target.value || undefined }), replace: true });
          }}
        />
        <IconButton icon={RefreshCw} label="Look again" onClick={() => void streams.refetch()} className={streams.isFetching ? "animate-breathe" : ""} />
        <IconButton icon={Copy} label="Copy as curl" onClick={() => void copy(curl(`/api/v1/streams?${new URLSearchParams({ ...connection })}`))} />
      </div>
      <div className="overflow-hidden rounded-lg border bg-surface shadow-(--shadow-raised)">
        <div role="table" aria-label="Streams">
          <div role="rowgroup">
            <div role="row" className={cx(columns, "hidden border-b bg-sunken py-2 text-xs text-faint md:grid")}>
              <span role="columnheader">Stream</span>
              <span role="columnheader">Mode</span>
              <span role="columnheader" className="text-right">
                Shards
              </span>
              <span role="columnheader" className="text-right">
                Retention
              </span>
              <span role="columnheader" className="text-right">
                Records/s
              </span>
            </div>
          </div>
          <div role="rowgroup" className="divide-y">
            {found.slice(0, shown).map((s) => (
              <Stream key={s.arn || s.name} stream={s} connection={connection} search={search} />
            ))}
          </div>
        </div>
        {!found.length && <p className="px-4 py-8 text-center text-sm text-muted">No stream is called that.</p>}
      </div>
      {found.length > shown && <Button onClick={() => setShown(shown + page)}>Show {number(Math.min(page, found.length - shown))} more</Button>}
    </div>
  );
}

const columns = "gap-x-4 px-4 md:grid-cols-[minmax(0,1fr)_8rem_5rem_6rem_9rem_1rem]";
// Measuring reads from the stream's shards, which others read too.
const measuring = gate(2);
const describing = gate(4);

function Stream({ stream, connection, search }: { stream: Schemas["ListedStream"]; connection: Connection; search: ConnectSearch }) {
  const [ref, seen] = useSeen<HTMLDivElement>();
  const { data: sources } = useQuery(sourcesQuery);
  const known = stream.open_shards !== undefined && stream.retention_hours !== undefined;
  const params = { params: { path: { name: stream.name }, query: connection } };
  const detail = useQuery({
    queryKey: ["streams", connection, stream.name],
    queryFn: ({ signal }) => describing(signal, () => data(api.GET("/api/v1/streams/{name}", { ...params, signal }))),
    enabled: seen && !known,
    staleTime: 60_000,
  });
  const rate = useQuery({
    queryKey: ["streams", connection, stream.name, "rate"],
    queryFn: ({ signal }) => measuring(signal, () => data(api.GET("/api/v1/streams/{name}/rate", { ...params, signal }))),
    enabled: seen && stream.status === "ACTIVE",
    staleTime: 60_000,
  });
  const shards = stream.open_shards ?? detail.data?.open_shards;
  const hours = stream.retention_hours ?? detail.data?.retention_hours;
  const reader = sources?.find((s) => s.settings.stream === stream.name && s.settings.connection.endpoint === connection.endpoint && (!connection.region || s.settings.connection.region === connection.region));
  return (
    <div ref={ref} role="row" className={cx(columns, "relative grid grid-cols-3 items-center gap-y-1 py-2.5 hover:bg-hover")}>
      <span role="cell" className="col-span-3 flex min-w-0 items-center gap-2 max-md:pr-6 md:col-span-1">
        <Link
          to="/connect"
          search={{ ...whereOf(search), find: search.find, stream: stream.name }}
          className="min-w-0 truncate font-medium after:absolute after:inset-0 hover:underline"
        >
          {stream.name}
        </Link>
        {stream.status !== "ACTIVE" && <Badge tone="warn">{stream.status.toLowerCase()}</Badge>}
        {reader && (
          <span className="flex min-w-14 shrink-[3]" title={`read by ${reader.settings.name}`}>
            <Badge tone="good">
              <span className="truncate">read by {reader.settings.name}</span>
            </Badge>
          </span>
        )}
      </span>
      <Cell label="mode">{stream.mode === "ON_DEMAND" ? "on demand" : stream.mode.toLowerCase() || "–"}</Cell>
      <Cell label="open shards" right>
        {shards === undefined ? <Pending busy={detail.isFetching} /> : number(shards)}
        <span className="md:hidden"> {shards === 1 ? "shard" : "shards"}</span>
      </Cell>
      <Cell label="retention" right>
        {hours === undefined ? <Pending busy={detail.isFetching} /> : retention(hours)}
      </Cell>
      <Cell label="records a second" right wide>
        {rate.data ? (
          <>
            {measured(rate.data.records_per_second)}
            <span className="md:hidden"> records/s</span>
            <span className="ml-1.5 inline-block text-xs text-faint md:w-16">{bytes(Math.round(rate.data.bytes_per_second))}/s</span>
          </>
        ) : rate.error ? (
          <span className="text-faint" title={problemOf(rate.error).message}>
            not measured
          </span>
        ) : (
          <Pending busy={rate.isFetching} />
        )}
      </Cell>
      <span role="presentation" className="absolute top-3 right-3 text-faint md:static">
        <ChevronRight size={15} aria-hidden />
      </span>
    </div>
  );
}

function Cell({ label, right, wide, children }: { label: string; right?: boolean; wide?: boolean; children: ReactNode }) {
  return (
    <span role="cell" className={cx("text-sm text-muted tabular", right && "md:text-right", wide && "max-md:col-span-3")}>
      <span className="sr-only">{label}: </span>
      {children}
    </span>
  );
}

function Pending({ busy }: { busy: boolean }) {
  return busy ? <Spinner className="inline text-faint" /> : <span className="text-faint">–</span>;
}

/** How long a stream keeps its records. */
export function retention(hours: number): string {
  return hours > 24 && hours % 24 === 0 ? `${number(hours / 24)} days` : `${number(hours)} h`;
}
