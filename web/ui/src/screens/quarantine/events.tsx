import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Copy, RotateCw, Search } from "lucide-react";
import { useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { api, data, problemOf, type Schemas } from "@/api/client";
import { JsonView } from "@/data/json";
import { reasonLabel } from "@/data/reasons";
import { copy } from "@/lib/clipboard";
import { bytes, exactTime, number } from "@/lib/format";
import { useSession } from "@/lib/session";
import { Button, IconButton, LinkButton } from "@/ui/button";
import { Input } from "@/ui/form";
import { Badge, Skeleton, Time } from "@/ui/layout";
import { ProblemBox, sentence } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { cx } from "@/ui/cx";
import { changed, eventsQuery } from "./queries";
import type { Scope } from "./scope";

type Quarantined = Schemas["Quarantined"];

/** The events of a scope, a page at a time, with what is wrong marked in each. */
export function Events({ scope }: { scope: Scope }) {
  const { after } = useSearch({ from: "/quarantine" });
  const events = useQuery(eventsQuery(scope, after));
  const list = events.data?.events ?? [];
  return (
    <section aria-label="Events" className="min-w-0 space-y-3">
      <div className="flex flex-wrap items-center gap-3">
        <h2 className="flex-1 text-sm">
          Events <span className="font-normal text-faint">of each shard, the oldest first</span>
        </h2>
        <SearchField search={scope.search} />
      </div>
      {events.isPending && <Skeleton lines={8} />}
      {events.error && <ProblemBox error={events.error} retry={() => void events.refetch()} />}
      {events.data && list.length === 0 && <p className="rounded-lg border bg-surface px-4 py-8 text-center text-sm text-muted">{scope.search ? `No event here has “${scope.search}” in it, in its message or as its sequence number.` : "No event is here any more."}</p>}
      <div className={cx("space-y-3", events.isPlaceholderData && "opacity-60")}>
        {list.map((e) => (
          <Example key={`${e.shard_id} ${e.sequence_number} ${e.record_index}`} event={e} scope={scope} />
        ))}
      </div>
      {(events.data?.next || after) && (
        <div className="flex justify-between gap-2">
          <span>
            {after && (
              <LinkButton to="/quarantine" search={{ ...scope, after: undefined }}>
                First page
              </LinkButton>
            )}
          </span>
          {events.data?.next && (
            <LinkButton to="/quarantine" search={{ ...scope, after: events.data.next }}>
              Next page
            </LinkButton>
          )}
        </div>
      )}
    </section>
  );
}

function SearchField({ search = "" }: { search?: string }) {
  const navigate = useNavigate({ from: "/quarantine" });
  const [typed, setTyped] = useState(search);
  useEffect(() => setTyped(search), [search]);
  useEffect(() => {
    if (typed === search) return;
    const timer = setTimeout(() => void navigate({ search: (now) => ({ ...now, search: typed || undefined, after: undefined }), replace: true }), 300);
    return () => clearTimeout(timer);
  }, [typed, search, navigate]);
  return (
    <div className="relative w-full sm:w-72">
      <Search size={14} aria-hidden className="pointer-events-none absolute top-2.25 left-2.5 text-faint" />
      <Input type="search" aria-label="Search in the events and messages" placeholder="Text, or a sequence number" spellCheck={false} maxLength={1000} value={typed} onChange={(e) => setTyped(e.target.value)} className="w-full pl-8" />
    </div>
  );
}

function Example({ event, scope }: { event: Quarantined; scope: Scope }) {
  const mends = useSession().can("POST /api/v1/quarantine/{table}/replay");
  const { text, size, mark } = useMemo(() => contentOf(event), [event]);
  return (
    <article className="min-w-0 overflow-hidden rounded-lg border bg-surface">
      <header className="flex items-start gap-2 px-4 pt-3">
        <div className="min-w-0 flex-1 space-y-1">
          <p className="text-sm break-words">{sentence(event.message)}</p>
          {(scope.reason === undefined || scope.field === undefined) && (
            <p className="flex items-center gap-2">
              <Badge tone="bad">{reasonLabel(event.reason)}</Badge>
              {event.field && <code className="text-muted">{event.field}</code>}
            </p>
          )}
        </div>
        {mends && <TryAgain event={event} table={scope.table} />}
        <IconButton icon={Copy} label="Copy the event" size="sm" disabled={size === 0} onClick={() => void copy(text, "Copied the event")} />
      </header>
      <dl className="flex flex-wrap gap-x-5 gap-y-1 px-4 pt-2 pb-3 text-xs text-muted">
        <Fact name="Arrived">
          <Time at={event.arrived_at} />
        </Fact>
        <Fact name="Shard">{event.shard_id}</Fact>
        <Fact name="Key">
          <span className="break-all">{event.partition_key || "–"}</span>
        </Fact>
        <Fact name="Sequence number">
          <span className="break-all tabular" title={`Quarantined ${exactTime(event.quarantined_at)}`}>
            {event.sequence_number}
            {event.record_index > 0 && ` · event ${number(event.record_index + 1)} of its record`}
          </span>
        </Fact>
        <Fact name="Size">{bytes(size)}</Fact>
      </dl>
      {size === 0 ? (
        <p className="border-t bg-sunken px-4 py-3 text-xs text-faint">There are no bytes in it.</p>
      ) : (
        <Marked label="The event" text={text}>
          <JsonView text={text} expanded mark={mark} />
        </Marked>
      )}
      {event.raw === undefined && size > 0 && <p className="border-t px-4 py-2 text-xs text-faint">The bytes are not UTF-8: what cannot be read is shown as �. Exports and the API keep all of them.</p>}
    </article>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex min-w-0 gap-1.5">
      <dt className="text-faint">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </div>
  );
}

/** A box that begins where the mark in it is. */
function Marked({ label, text, children }: { label: string; text: string; children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const mark = box.current?.querySelector("mark");
    if (!box.current || !mark) return;
    const below = mark.getBoundingClientRect().bottom - box.current.getBoundingClientRect().bottom;
    if (below > 0) box.current.scrollTop += below + box.current.clientHeight / 2;
  }, [text]);
  return (
    <div ref={box} tabIndex={0} role="group" aria-label={label} className="max-h-72 overflow-auto border-t bg-sunken px-4 py-3">
      {children}
    </div>
  );
}

/** Replays this event alone. */
function TryAgain({ event, table }: { event: Quarantined; table: string }) {
  const [busy, setBusy] = useState(false);
  const go = async () => {
    setBusy(true);
    try {
      const { shard_id, sequence_number, record_index } = event;
      const result = await data(api.POST("/api/v1/quarantine/{table}/replay", { params: { path: { table } }, body: { key: { shard_id, sequence_number, record_index } } }));
      toast(result.replayed > 0 ? "The event is a row now" : "It is rejected as before", result.replayed > 0 ? "plain" : "bad");
      if (result.replayed > 0) await changed();
    } catch (error) {
      toast(problemOf(error).message, "bad");
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button kind="quiet" size="sm" icon={RotateCw} busy={busy} onClick={() => void go()}>
      Try again
    </Button>
  );
}

/** The event's bytes as text, how many they are, and the place that is to blame, in bytes of that text. */
function contentOf({ raw, raw_base64, offset, length }: Quarantined): { text: string; size: number; mark?: { offset: number; length?: number } } {
  const size = Math.floor((raw_base64.length * 3) / 4) - (/=*$/.exec(raw_base64)?.[0].length ?? 0);
  if (raw !== undefined) return { text: raw, size, ...(offset !== undefined && { mark: { offset, length } }) };
  const all = Uint8Array.from(atob(raw_base64), (c) => c.charCodeAt(0));
  const readable = (part: Uint8Array) => new TextDecoder().decode(part);
  // What could not be read has become longer.
  const before = offset === undefined ? undefined : new TextEncoder().encode(readable(all.subarray(0, offset))).length;
  return { text: readable(all), size, ...(before !== undefined && { mark: { offset: before } }) };
}
