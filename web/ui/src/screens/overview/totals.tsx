import { Stat } from "@/ui/layout";
import { Sparkline } from "@/ui/sparkline";
import { ago, bytes, measured, number, plural } from "@/lib/format";
import type { Schemas } from "@/api/client";
import { newestDisk } from "./attention";
import { historyMinutes, rates, sum, type Histories } from "./history";

/** What all sources come to together. */
export function Totals({ sources, tables, histories }: { sources: readonly Schemas["SourceStatus"][]; tables: readonly Schemas["TableInfo"][] | undefined; histories: Histories | undefined }) {
  const events = sources.reduce((n, s) => n + s.events_per_second, 0);
  const size = sources.reduce((n, s) => n + s.bytes_per_second, 0);
  const quarantined = sources.reduce((n, s) => n + s.quarantined_last_hour, 0);
  const reading = sources.filter((s) => s.state === "reading").length;
  const rows = tables?.reduce((n, t) => n + t.rows, 0);
  const disk = newestDisk(sources);
  const lines = histories && sum(sources.map((s) => rates(histories.bySource[s.settings.name] ?? [], histories.stepSeconds)));
  return (
    <section aria-label="Totals" className="grid grid-cols-2 gap-x-6 gap-y-4 rounded-lg border bg-surface px-4 py-3.5 shadow-(--shadow-raised) lg:grid-cols-[minmax(13rem,1.6fr)_repeat(4,1fr)]">
      <div className="col-span-2 flex items-end gap-4 lg:col-span-1">
        <Stat label="Events a second" value={measured(events)} detail={`${bytes(Math.round(size))}/s`} />
        <div className="min-w-0 flex-1 pb-1 lg:max-w-36">
          <Sparkline values={lines ?? []} height={36} label={`Events a second of all sources, over the last ${historyMinutes} minutes`} />
        </div>
      </div>
      <Stat label="Sources" value={number(sources.length)} detail={reading === sources.length ? "all are read" : `${number(reading)} ${reading === 1 ? "is" : "are"} read`} />
      <Stat label="Events stored" value={rows === undefined ? "–" : number(rows)} detail={tables ? `in ${plural(tables.length, "table")}` : undefined} />
      <Stat label="Quarantined, last hour" value={number(quarantined)} detail={quarantined === 0 ? "every event became a row" : "since mended or not"} />
      <Stat label="Disk used" value={disk?.used_bytes ? bytes(disk.used_bytes) : "–"} detail={disk ? (disk.full_at ? `full ${ago(disk.full_at)}` : `${bytes(disk.free_bytes)} free`) : "being measured"} />
    </section>
  );
}
