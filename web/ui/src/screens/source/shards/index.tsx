import { Network } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { number, plural } from "@/lib/format";
import { cx } from "@/ui/cx";
import { Input, Segmented, Select } from "@/ui/form";
import { Card, Empty } from "@/ui/layout";
import { useAddress, type Source } from "../queries";
import { conditions } from "../search";
import { lookOf } from "./condition";
import { ShardDetail } from "./detail";
import { listed } from "./order";
import { ShardTable } from "./table";
import { LineageTree } from "./tree";

/** The shards of a source: their lineage, one of them in full, and all of them as a list. */
export function Shards({ source }: { source: Source }) {
  const { search, go } = useAddress();
  const [fit, setFit] = useState(true);
  const shards = source.shards;
  const select = useCallback((id: string) => go({ shard: id }), [go]);
  const chosen = shards.find((s) => s.shard_id === search.shard);
  const list = useMemo(() => listed(shards, search), [shards, search]);
  const counts = conditions.map((c) => ({ condition: c, count: shards.filter((s) => s.condition === c).length })).filter((c) => c.count > 0);
  const open = shards.filter((s) => s.open).length;

  if (shards.length === 0) {
    return (
      <Card>
        <Empty icon={Network} title="No shard is known yet">
          {source.settings.paused ? "The source is paused: they are listed when it is resumed." : source.state === "starting" ? "The source is starting: its stream is being asked for its shards." : "They are listed as soon as the stream can be reached."}
        </Empty>
      </Card>
    );
  }
  return (
    <div className="space-y-4">
      <div className={cx("grid items-start gap-4", chosen && "lg:grid-cols-[minmax(0,1fr)_22rem]")}>
        <Card
          flush
          title={`Lineage: ${number(open)} open${open < shards.length ? `, ${number(shards.length - open)} closed` : ""}`}
          actions={
            shards.length > 10 && (
              <Segmented
                small
                label="Height of the lineage"
                value={fit ? "fit" : "rows"}
                onChange={(v) => setFit(v === "fit")}
                options={[
                  { value: "fit", label: "Whole" },
                  { value: "rows", label: "Readable" },
                ]}
              />
            )
          }
        >
          <LineageTree shards={shards} selected={search.shard} onSelect={select} fit={fit} />
        </Card>
        {chosen && (
          <ShardDetail shard={chosen} all={shards} table={source.settings.table} onSelect={select} onClose={() => go({ shard: undefined })} />
        )}
      </div>
      <Card
        flush
        title={list.length === shards.length ? plural(shards.length, "shard") : `${plural(list.length, "shard")} of ${shards.length}`}
        actions={
          shards.length > 4 && (
            <div className="flex gap-2">
              <Select small aria-label="Condition" value={search.condition ?? ""} onChange={(e) => go({ condition: conditions.find((c) => c === e.target.value) })}>
                <option value="">Every condition</option>
                {counts.map((c) => (
                  <option key={c.condition} value={c.condition}>
                    {lookOf(c).label} ({c.count})
                  </option>
                ))}
              </Select>
              <Input small type="search" aria-label="Find a shard" placeholder="Find a shard" className="w-28 sm:w-44" value={search.find ?? ""} onChange={(e) => go({ find: e.target.value || undefined })} />
            </div>
          )
        }
      >
        {list.length ? (
          <ShardTable shards={list} selected={search.shard} sort={search.sort} onSort={(sort) => go({ sort })} onSelect={select} />
        ) : (
          <p className="px-4 py-8 text-center text-sm text-muted">No shard is like that.</p>
        )}
      </Card>
    </div>
  );
}
