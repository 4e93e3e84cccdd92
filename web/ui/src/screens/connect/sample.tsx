// A look at a stream's events as they are, from the oldest and the newest records of every shard.
import { useId, useMemo, useRef, useState, type KeyboardEvent } from "react";
import type { Schemas } from "@/api/client";
import { JsonView } from "@/data/json";
import { number, percent, plural } from "@/lib/format";
import { cx } from "@/ui/cx";
import { Select } from "@/ui/form";
import { Badge, Time } from "@/ui/layout";
import { sentence } from "@/ui/problem";
import type { Sample } from "./use-sample";

type Event = Schemas["SampleEvent"];

const page = 100;

export function SampleView({ sample, taken }: { sample: Sample; taken: number }) {
  const all = useMemo(() => [...sample.events].reverse(), [sample.events]);
  const shards = useMemo(() => {
    const counts = new Map<string, number>();
    for (const e of all) counts.set(e.shard_id, (counts.get(e.shard_id) ?? 0) + 1);
    return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  }, [all]);
  const [shard, setShard] = useState("");
  const [shown, setShown] = useState(page);
  const [chosen, setChosen] = useState(0);
  const events = useMemo(() => (shard ? all.filter((e) => e.shard_id === shard) : all), [all, shard]);
  const at = Math.min(chosen, events.length - 1);
  const event = events[at];
  const broken = all.filter((e) => e.reason).length;
  const unpacked = all.filter((e) => e.unpacked).length;
  return (
    <div className="space-y-2.5">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1.5 text-sm text-muted">
        <span>
          {plural(all.length, "event")} in {plural(sample.records, "record")} of {plural(shards.length, "shard")}, read <Time at={new Date(taken).toISOString()} />
          {unpacked > 0 && `; ${number(unpacked)} came compressed or several in a record`}
        </span>
        {broken > 0 && <Badge tone="bad">{percent(broken / all.length)} cannot be read as JSON</Badge>}
        {shards.length > 1 && (
          <Select
            small
            aria-label="Shard"
            className="ml-auto"
            value={shard}
            onChange={(e) => {
              setShard(e.target.value);
              setChosen(0);
              setShown(page);
            }}
          >
            <option value="">All shards</option>
            {shards.map(([id, n]) => (
              <option key={id} value={id}>
                {short(id)} ({number(n)})
              </option>
            ))}
          </Select>
        )}
      </div>
      <div className="grid overflow-hidden rounded-lg border bg-surface shadow-(--shadow-raised) md:h-96 md:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
        <EventList events={events.slice(0, shown)} at={at} choose={setChosen} more={events.length > shown ? () => setShown(shown + page) : undefined} />
        <div className="flex min-h-0 min-w-0 flex-col max-md:h-80">{event && <Detail event={event} />}</div>
      </div>
    </div>
  );
}

function EventList({ events, at, choose, more }: { events: readonly Event[]; at: number; choose: (i: number) => void; more?: () => void }) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (e: KeyboardEvent) => {
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: events.length - 1, PageDown: at + 10, PageUp: at - 10 }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    const next = Math.max(0, Math.min(events.length - 1, to));
    choose(next);
    list.current?.children[next]?.scrollIntoView({ block: "nearest" });
  };
  return (
    <div className="flex min-h-0 flex-col border-b max-md:h-56 md:border-r md:border-b-0">
      <div ref={list} role="listbox" aria-label="Events of the sample, the newest first" tabIndex={0} aria-activedescendant={`${id}-${at}`} onKeyDown={move} className="min-h-0 flex-1 overflow-y-auto -outline-offset-2">
        {events.map((e, i) => (
          <div
            key={`${e.shard_id}/${e.sequence_number}/${e.record_index}/${i}`}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === at}
            onClick={() => choose(i)}
            className={cx("grid cursor-pointer grid-cols-[5.5rem_minmax(0,1fr)] gap-x-2 border-l-2 px-3 py-1.5 text-xs", i === at ? "border-l-accent bg-hover" : "border-l-transparent hover:bg-hover")}
          >
            <Time at={e.arrived_at} className="text-muted" />
            <span className="flex min-w-0 items-center gap-1.5">
              {e.reason && <Badge tone="bad">{e.reason.replaceAll("_", " ")}</Badge>}
              <code className="truncate">{e.event.slice(0, 200)}</code>
            </span>
          </div>
        ))}
      </div>
      {more && (
        <button type="button" onClick={more} className="border-t px-3 py-1.5 text-left text-xs text-muted hover:bg-hover hover:text-ink">
          Show more events
        </button>
      )}
    </div>
  );
}

function Detail({ event: e }: { event: Event }) {
  return (
    <>
      <dl className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b px-4 py-2 text-xs">
        <Fact name="Shard" value={short(e.shard_id)} title={e.shard_id} />
        <div className="flex gap-1.5">
          <dt className="text-faint">Arrived</dt>
          <dd>
            <Time at={e.arrived_at} />
          </dd>
        </div>
        <Fact name="Key" value={e.partition_key} title={`Partition key ${e.partition_key}, sequence number ${e.sequence_number}`} />
        {e.unpacked && (
          <div className="flex gap-1.5">
            <dt className="text-faint">Unpacked from</dt>
            <dd>
              <Badge tone="info">{e.unpacked}</Badge>
            </dd>
          </div>
        )}
      </dl>
      <div tabIndex={0} role="region" aria-label="The event" className="min-h-0 flex-1 overflow-auto p-4 text-xs -outline-offset-2">
        {e.reason && <p className="mb-3 rounded-md bg-bad-soft px-3 py-2 text-sm text-bad">{sentence(e.message || "It is no JSON object")} It would go to quarantine.</p>}
        <JsonView key={`${e.shard_id}/${e.sequence_number}/${e.record_index}`} text={e.event} expanded />
      </div>
    </>
  );
}

function Fact({ name, value, title }: { name: string; value: string; title: string }) {
  return (
    <div className="flex min-w-0 gap-1.5" title={title}>
      <dt className="text-faint">{name}</dt>
      <dd className="max-w-40 truncate tabular">{value}</dd>
    </div>
  );
}

/** A shard's id without what all ids begin with. */
function short(shard: string): string {
  return shard.replace(/^shardId-0*(?=\d)/, "shard ");
}
