import { Copy, ShieldAlert, Table2 } from "lucide-react";
import { memo, useCallback, useMemo, type ReactNode } from "react";
import { reasonLabel } from "@/data/reasons";
import { JsonView } from "@/data/json";
import { copy } from "@/lib/clipboard";
import { bytes, exactTime } from "@/lib/format";
import { sqlName, sqlText } from "@/lib/sql";
import { sentence } from "@/ui/problem";
import { Button, LinkButton } from "@/ui/button";
import { Badge, Time } from "@/ui/layout";
import { toast } from "@/ui/toast";
import { cx } from "@/ui/cx";
import type { TailEvent } from "./log";
import { preview, type Piece } from "./preview";
import { ShardMark } from "./shards";

const kinds: Record<Piece["kind"], string> = { key: "text-faint", string: "text-ink", value: "text-info", plain: "text-faint" };

/** One event in one line. */
export const EventLine = memo(function EventLine({ id, event, search, selected, open }: { id: number; event: TailEvent; search: string; selected: boolean; open: boolean }) {
  const pieces = useMemo(() => preview(event.event, search), [event.event, search]);
  return (
    <div
      id={`event-${id}`}
      data-event={id}
      role="row"
      aria-level={1}
      aria-expanded={open}
      aria-selected={selected}
      className={cx("flex h-7 cursor-pointer items-center gap-3 px-3 text-xs hover:bg-hover", selected && "bg-hover inset-ring inset-ring-edge", open && "bg-sunken")}
    >
      <span role="gridcell" className="w-20 shrink-0 text-faint tabular">
        {clock(event.arrived_at)}
      </span>
      <span role="gridcell" className="w-11 shrink-0 text-muted">
        <span className="sr-only">shard </span>
        <ShardMark id={event.shard_id} />
      </span>
      <span role="gridcell" className="flex min-w-0 flex-1 items-center gap-2">
        {event.reason && <Badge tone="bad">{reasonLabel(event.reason)}</Badge>}
        <span className="truncate font-mono">
          {pieces.map((p, i) =>
            p.hit ? (
              <mark key={i} className="rounded-xs bg-accent-soft text-accent">
                {p.text}
              </mark>
            ) : (
              <span key={i} className={kinds[p.kind]}>
                {p.text}
              </span>
            ),
          )}
        </span>
      </span>
    </div>
  );
});

/** All that is known of an event. */
export function EventDetail({ event, table, onPick, onShard }: { event: TailEvent; table: string; onPick: (condition: string) => void; onShard: (shard: string) => void }) {
  const size = useMemo(() => new TextEncoder().encode(event.event).length, [event.event]);
  const pick = useCallback(
    (path: string[], value: string) => {
      if (path.some((name) => name.includes(".") || name.includes("="))) toast("Fields with a dot or an equals sign in their name cannot be filtered by", "bad");
      else onPick(`${path.join(".")}=${value}`);
    },
    [onPick],
  );
  return (
    <div className="space-y-3 px-3 py-3">
      {event.reason && (
        <p className="rounded-md border border-bad/40 bg-bad-soft px-3 py-2 text-sm">
          <strong className="font-semibold">{reasonLabel(event.reason)}.</strong> {sentence(event.message ?? "")} It is in quarantine, whole.
        </p>
      )}
      <dl className="flex flex-wrap gap-x-8 gap-y-2 text-xs">
        <Fact name="Arrived">
          {exactTime(event.arrived_at)} <span className="text-faint">(</span>
          <Time at={event.arrived_at} className="text-faint" />
          <span className="text-faint">)</span>
        </Fact>
        <Fact name="Shard">
          <button type="button" className="rounded-sm underline decoration-edge underline-offset-2 hover:text-accent" title="Show only this shard" onClick={() => onShard(event.shard_id)}>
            {event.shard_id}
          </button>
        </Fact>
        <Fact name="Sequence number">
          <span className="font-mono break-all">{event.sequence_number}</span>
          {event.record_index > 0 && <span className="text-faint"> event {event.record_index + 1} of its record</span>}
        </Fact>
        <Fact name="Partition key">
          <span className="font-mono break-all">{event.partition_key}</span>
        </Fact>
        <Fact name="Size">{bytes(size)}</Fact>
      </dl>
      <div className="max-h-96 overflow-auto rounded-md border bg-surface p-3" tabIndex={0} role="group" aria-label="The event">
        <JsonView text={event.event} expanded onPick={pick} />
      </div>
      <div className="flex flex-wrap gap-2">
        {event.reason ? (
          <LinkButton size="sm" icon={ShieldAlert} to="/quarantine" search={{ table, reason: event.reason, search: event.sequence_number }}>
            Open in quarantine
          </LinkButton>
        ) : (
          <LinkButton size="sm" icon={Table2} to="/sql" search={{ sql: `SELECT * FROM ${sqlName(table)}\nWHERE _shard_id = ${sqlText(event.shard_id)} AND _sequence_number = ${sqlText(event.sequence_number)}` }}>
            Open its row
          </LinkButton>
        )}
        <Button size="sm" icon={Copy} onClick={() => void copy(event.event, "Copied the event")}>
          Copy
        </Button>
      </div>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-faint">{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The time of the day, in the person's time zone. */
function clock(time: string): string {
  return /\d\d:\d\d:\d\d\.\d{3}/.exec(exactTime(time))?.[0] ?? time;
}
