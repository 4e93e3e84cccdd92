import { useQuery } from "@tanstack/react-query";
import { Activity, Copy, Eraser, Ellipsis, FilterX, SquareTerminal, Terminal } from "lucide-react";
import { Suspense, useCallback, useMemo } from "react";
import { useNavigate } from "@tanstack/react-router";
import { NoneOfYours } from "@/accounts/none-of-yours";
import { sourcesQuery, tablesQuery } from "@/api/queries";
import type { Schemas } from "@/api/client";
import { copy } from "@/lib/clipboard";
import { curl } from "@/lib/curl";
import { measured, plural } from "@/lib/format";
import { lazy } from "@/lib/lazy";
import { useSession } from "@/lib/session";
import { useShortcuts, type Shortcut } from "@/lib/shortcuts";
import { Button, IconButton, LinkButton, Spinner } from "@/ui/button";
import { Select } from "@/ui/form";
import { Empty, Page, Skeleton, Time, useTitle } from "@/ui/layout";
import { Menu } from "@/ui/menu";
import { ProblemBox, Said, sentence } from "@/ui/problem";
import { Filters } from "./filters";
import type { Entry } from "./log";
import { oneLine } from "./preview";
import { statement } from "./statement";
import { PauseButton, Status } from "./status";
import { tailPath, useTail, useTailAddress } from "./use-tail";

// The list with all that shows an event comes after the screen's first load: until an event has come there is nothing to list.
const EventList = lazy(() => import("./list"));

export default function Screen() {
  useTitle("Live tail");
  const sources = useQuery(sourcesQuery);
  const limited = useSession().me?.limited;
  if (sources.isPending) {
    return (
      <Page title="Live tail">
        <Skeleton lines={6} />
      </Page>
    );
  }
  if (!sources.data) {
    return (
      <Page title="Live tail">
        <ProblemBox error={sources.error} retry={() => void sources.refetch()} />
      </Page>
    );
  }
  if (sources.data.length === 0) {
    return (
      <Page title="Live tail">
        {limited ? (
          <NoneOfYours icon={Activity} title="No stream of your tables is connected yet" says="Once a stream is connected to one of them, it is seen here." />
        ) : (
          <Empty icon={Activity} title="No stream is connected yet" actions={<LinkButton kind="primary" to="/connect">Connect a stream</LinkButton>}>
            Once one is, its events are seen here as they come.
          </Empty>
        )}
      </Page>
    );
  }
  return <Tail sources={sources.data} />;
}

function Tail({ sources }: { sources: readonly Schemas["SourceStatus"][] }) {
  const navigate = useNavigate();
  const { search, filter, set, add, remove } = useTailAddress();
  const name = search.source ?? sources[0]?.settings.name ?? "";
  const source = sources.find((s) => s.settings.name === name);
  const text = search.text ?? "";
  const shard = search.shard ?? "";
  const table = source?.settings.table ?? name;
  const { log, view } = useTail(name, filter, text);
  const entries = useMemo(() => (shard ? view.entries.filter((e) => !("event" in e) || e.event.shard_id === shard) : view.entries), [view.entries, shard]);
  const tables = useQuery(tablesQuery);
  const columns = tables.data?.find((t) => t.name === table)?.columns ?? [];
  const onText = useCallback((t: string) => set({ text: t || undefined }), [set]);
  const onShard = useCallback((s: string) => set({ shard: s || undefined }), [set]);
  const shortcuts = useMemo<Shortcut[]>(
    () => [
      { keys: "space", label: "Pause or go on", group: "Live tail", run: () => (log.view().paused ? log.resume() : log.pause("asked")) },
      { keys: "x", label: "Clear the list", group: "Live tail", run: () => log.clear() },
    ],
    [log],
  );
  useShortcuts(shortcuts);
  const shards = (source?.shards ?? []).map((s) => s.shard_id).sort();
  const openSql = () => void navigate({ to: "/sql", search: { sql: statement(table, columns, filter, shard) } });
  return (
    <Page
      fixed
      title="Live tail"
      actions={
        <>
          <Select aria-label="Source" value={name} onChange={(e) => set({ source: e.target.value, shard: undefined, filter: undefined, text: undefined })} className="max-w-40 sm:max-w-48">
            {!source && <option value={name}>{name}</option>}
            {sources.map((s) => (
              <option key={s.settings.name} value={s.settings.name}>
                {s.settings.name}
              </option>
            ))}
          </Select>
          <PauseButton log={log} view={view} />
          <Button icon={Eraser} onClick={() => log.clear()}>
            <span className="max-sm:sr-only">Clear</span>
          </Button>
          <Menu
            items={[
              { label: "Copy as NDJSON", icon: Copy, disabled: entries.length === 0, run: () => copyEvents(entries) },
              { label: "Copy as curl", icon: Terminal, run: () => void copy(curl(tailPath(name, filter, text), { live: true }), "Copied the command") },
              { label: "Open as SQL", icon: SquareTerminal, run: openSql },
            ]}
          >
            <IconButton icon={Ellipsis} label="More" kind="secondary" />
          </Menu>
        </>
      }
    >
      <Filters table={table} text={text} onText={onText} filter={filter} onAdd={add} onRemove={remove} shards={shards} shard={shard} onShard={onShard} />
      <Status view={view} reading={source?.state === "reading"} filtered={filter.length > 0 || text !== ""} />
      {view.problem && (
        <div className="mb-3">
          <ProblemBox error={view.problem} />
        </div>
      )}
      {entries.length > 0 ? (
        <Suspense fallback={<div className="min-h-0 flex-1 rounded-lg border bg-surface" />}>
          <EventList key={name} log={log} entries={entries} following={!view.paused} untilEnd={view.paused === "scrolled"} search={text} table={table} onPick={add} onShard={onShard} />
        </Suspense>
      ) : (
        !view.problem && <Nothing source={source} matched={view.rates.at(-1)} filtered={filter.length > 0 || text !== "" || shard !== ""} onAll={() => set({ filter: undefined, text: undefined, shard: undefined })} />
      )}
    </Page>
  );
}

/** Why there is no event to be seen. */
function Nothing({ source, matched, filtered, onAll }: { source: Schemas["SourceStatus"] | undefined; matched: Schemas["TailRate"] | undefined; filtered: boolean; onAll: () => void }) {
  const toSource = source && (
    <LinkButton to="/sources/$name" params={{ name: source.settings.name }}>
      Look at the source
    </LinkButton>
  );
  return (
    <div className="min-h-0 flex-1 overflow-auto rounded-lg border bg-surface">
      {source?.state === "paused" ? (
        <Empty icon={Activity} title="The source is paused" actions={toSource}>
          Nothing is read from its stream, so nothing comes here.
        </Empty>
      ) : source?.state === "failing" ? (
        <Empty icon={Activity} title="The source is failing" actions={toSource}>
          <Said text={sentence(source.error ?? "")} />
        </Empty>
      ) : filtered ? (
        <Empty icon={FilterX} title="No event matched yet" actions={<Button onClick={onAll}>Show all events</Button>}>
          {matched && matched.events_per_second > 0 ? `${measured(matched.events_per_second)} events/s are read; the ones that match are shown as they come.` : "Events that match are shown as they come."}
        </Empty>
      ) : (
        <Empty title="Waiting for events">
          <span className="flex items-center justify-center gap-2">
            <Spinner /> They are shown as soon as they are read.
          </span>
          {source?.newest_arrived_at && (
            <>
              The newest one arrived <Time at={source.newest_arrived_at} />.
            </>
          )}
        </Empty>
      )}
    </div>
  );
}

function copyEvents(entries: readonly Entry[]) {
  const lines = entries.flatMap((e) => ("event" in e ? [oneLine(e.event.event)] : []));
  const whole = lines.filter((l) => l !== undefined);
  const left = lines.length - whole.length;
  void copy(whole.map((l) => l + "\n").join(""), `Copied ${plural(whole.length, "event")}${left ? `; ${left} that are no JSON were left out` : ""}`);
}
