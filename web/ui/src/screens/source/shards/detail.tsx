import { Copy, DatabaseZap, X } from "lucide-react";
import type { ReactNode } from "react";
import { copy } from "@/lib/clipboard";
import { bytes, duration, measured, percent } from "@/lib/format";
import { sqlName } from "@/lib/sql";
import { IconButton, LinkButton } from "@/ui/button";
import { Badge, Card, Time } from "@/ui/layout";
import type { Shard } from "../queries";
import { lookOf } from "./condition";
import { shareOf } from "./lineage";
import { Meter } from "./meter";
import { abridged, shortShard } from "./names";

/** All that is known of one shard. */
export function ShardDetail({ shard, all, table, onSelect, onClose }: { shard: Shard; all: readonly Shard[]; table: string; onSelect: (id: string) => void; onClose: () => void }) {
  const look = lookOf(shard);
  const share = shareOf(shard);
  const children = all.filter((s) => s.parents?.includes(shard.shard_id)).map((s) => s.shard_id);
  const known = new Set(all.map((s) => s.shard_id));
  return (
    <Card
      title={<span title={shard.shard_id}>{shard.shard_id}</span>}
      actions={<IconButton icon={X} label="Close" size="sm" onClick={onClose} />}
    >
      <div className="mb-3 space-y-1.5 text-sm">
        <p className="flex flex-wrap gap-1.5">
          <Badge tone={look.tone} dot>
            {look.label}
          </Badge>
          <Badge>{shard.open ? "Open" : "Closed"}</Badge>
        </p>
        <p className="text-muted">{look.says}</p>
        {shard.error && <p className="break-words text-bad">{shard.error}</p>}
      </div>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] items-baseline gap-x-4 gap-y-2 text-sm">
        <Row label="Split or merged from">
          <Relatives ids={shard.parents} known={known} none="Nothing: it is from the stream's beginning" onSelect={onSelect} />
        </Row>
        <Row label="Became">
          <Relatives ids={children} known={known} none={shard.open ? "Nothing: it is open" : "Not listed yet"} onSelect={onSelect} />
        </Row>
        <Row label="Position">
          {shard.sequence_number ? (
            <span className="flex items-center gap-1">
              <code className="min-w-0 truncate" title={shard.sequence_number}>
                {abridged(shard.sequence_number, 8)}
              </code>
              {shard.taken >= 0 && <span className="text-muted">+{shard.taken} events</span>}
              <IconButton icon={Copy} label="Copy the sequence number" size="sm" onClick={() => void copy(shard.sequence_number)} />
            </span>
          ) : (
            "Nothing read yet"
          )}
        </Row>
        <Row label="Newest record">{shard.last_arrived_at ? <Time at={shard.last_arrived_at} /> : "–"}</Row>
        <Row label="Lag">{duration(shard.lag_ms)}</Row>
        <Row label="Rate">
          {measured(shard.events_per_second)} events/s, {bytes(shard.bytes_per_second)}/s
        </Row>
        <Row label="Hash keys">{share === null ? "Not known yet" : <HashRange shard={shard} share={share} />}</Row>
        <Row label="Read by">
          {shard.read === "fan_out" ? "fan-out, with limits of its own" : shard.read === "poll" ? "polling" : "–"}
          {shard.fallback && <p className="mt-1 rounded-md bg-warn-soft px-2 py-1 text-xs break-words text-warn">Not by fan-out: {shard.fallback}</p>}
        </Row>
        {shard.limits && (
          <Row label="Read budget">
            <span className="flex flex-col gap-1">
              <span className="flex items-center justify-between gap-2">
                <span>of 5 calls a second</span>
                <Meter label="Used of 5 calls a second" value={shard.limits.calls} />
              </span>
              <span className="flex items-center justify-between gap-2">
                <span>of 2 MiB a second</span>
                <Meter label="Used of 2 MiB a second" value={shard.limits.bytes} />
              </span>
              <span className="text-xs text-faint">by Helios alone; all who poll the shard share these limits</span>
            </span>
          </Row>
        )}
      </dl>
      <LinkButton className="mt-4" size="sm" icon={DatabaseZap} to="/sql" search={{ sql: `SELECT *\nFROM ${sqlName(table)}\nWHERE _shard_id = '${shard.shard_id}'\nORDER BY _arrived_at DESC\nLIMIT 100` }}>
        Its events as SQL
      </LinkButton>
    </Card>
  );
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{label}</dt>
      <dd className="min-w-0 tabular">{children}</dd>
    </>
  );
}

/** Shards that have expired are told, but cannot be looked at. */
function Relatives({ ids, known, none, onSelect }: { ids: readonly string[]; known: ReadonlySet<string>; none: string; onSelect: (id: string) => void }) {
  if (ids.length === 0) return <span className="text-muted">{none}</span>;
  return (
    <span className="flex flex-wrap gap-1.5">
      {ids.map((id) =>
        known.has(id) ? (
          <button key={id} type="button" title={id} onClick={() => onSelect(id)} className="rounded-sm font-medium text-accent hover:underline">
            {shortShard(id)}
          </button>
        ) : (
          <span key={id} title={id}>
            {shortShard(id)}
          </span>
        ),
      )}
    </span>
  );
}

const keys = 2n ** 128n;

function HashRange({ shard, share }: { shard: Shard; share: number }) {
  const first = Number((BigInt(shard.starting_hash_key ?? 0) * 10_000n) / keys) / 10_000;
  return (
    <span className="flex flex-col gap-1">
      {percent(share)} of them
      <span className="relative block h-1.5 overflow-hidden rounded-full bg-hover" title={`${shard.starting_hash_key} – ${shard.ending_hash_key}`}>
        <span className="absolute inset-y-0 rounded-full bg-(--series-2)" style={{ left: `${first * 100}%`, width: `max(2px, ${share * 100}%)` }} />
      </span>
    </span>
  );
}
