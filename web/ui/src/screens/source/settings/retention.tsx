import { useState } from "react";
import { bytes, duration, number } from "@/lib/format";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/form";
import { Card, Stat, Time } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import type { Source } from "../queries";
import { useChangeSource } from "./change";

/** How long events are kept, and what that means for the disk. */
export function RetentionCard({ source }: { source: Source }) {
  const { table, quarantine, error, measured_at } = source.retention;
  return (
    <Card title="How long events are kept">
      <div className="space-y-5">
        <div className="grid gap-5 sm:grid-cols-2">
          <Keep source={source} setting="retain" label="The table's rows" kept={table} quick={["7d", "30d", "90d", "forever"]} />
          <Keep source={source} setting="retain_quarantine" label="Quarantined events" kept={quarantine} quick={["7d", "30d", "90d"]} />
        </div>
        {error && <ProblemBox title="Old events could not be removed" error={new Error(error)} />}
        <Forecast source={source} />
        {measured_at && (
          <p className="text-xs text-faint">
            Measured <Time at={measured_at} />.
          </p>
        )}
      </div>
    </Card>
  );
}

type Kept = Source["retention"]["table"];

function Keep({ source, setting, label, kept, quick }: { source: Source; setting: "retain" | "retain_quarantine"; label: string; kept: Kept; quick: readonly string[] }) {
  const [typed, setTyped] = useState<string | null>(null);
  const change = useChangeSource(source);
  const text = typed ?? kept.retain;
  const save = (value: string) => change.mutate({ [setting]: value.trim() }, { onSuccess: () => setTyped(null) });
  const changed = text.trim() !== kept.retain && text.trim() !== "";
  return (
    <form
      className="min-w-0 space-y-2"
      onSubmit={(e) => {
        e.preventDefault();
        if (changed) save(text);
      }}
    >
      <Field label={label} hint="A time, a size or both, as 30d, 200GB; or forever">
        {(control) => (
          <span className="flex gap-2">
            <Input {...control} className="min-w-0 flex-1 font-mono" value={text} onChange={(e) => setTyped(e.target.value)} spellCheck={false} autoComplete="off" />
            <Button type="submit" disabled={!changed} busy={change.isPending}>
              Save
            </Button>
          </span>
        )}
      </Field>
      <div className="flex flex-wrap gap-1">
        {quick.map((q) => (
          <Button key={q} size="sm" kind="quiet" aria-pressed={text === q} onClick={() => setTyped(q)}>
            {q}
          </Button>
        ))}
      </div>
      {change.error && <ProblemBox error={change.error} />}
      <p className="text-xs text-muted">
        {source.retention.measured_at ? `${number(kept.rows)} held, ${bytes(kept.bytes)}` : "Not measured yet"}
        {kept.oldest_at && (
          <>
            , the oldest from <Time at={kept.oldest_at} />
          </>
        )}
        {kept.dropped > 0 && `; ${number(kept.dropped)} dropped since the start`}.
      </p>
    </form>
  );
}

/** What the disk comes to if things go on as they do. */
function Forecast({ source }: { source: Source }) {
  const disk = source.retention.disk;
  const soon = disk.full_at !== null && Date.parse(disk.full_at) - Date.now() < 14 * 86_400_000;
  const share = disk.used_bytes / Math.max(1, disk.used_bytes + disk.free_bytes);
  return (
    <div className="space-y-3 border-t pt-4">
      <div className="grid grid-cols-2 gap-4 sm:grid-cols-4">
        <Stat label="Used by Helios" value={bytes(disk.used_bytes)} />
        <Stat label="Free" value={bytes(disk.free_bytes)} />
        <Stat label="Growth" value={disk.bytes_per_day === null ? "–" : `${bytes(disk.bytes_per_day)}/d`} detail={disk.bytes_per_day === null ? "after an hour" : `over ${duration(disk.observed_s * 1000)}`} />
        <Stat label="Full" value={disk.full_at ? <Time at={disk.full_at} /> : disk.bytes_per_day === null ? "–" : "not in sight"} tone={soon ? "bad" : undefined} detail={soon ? "keep less, or add room" : undefined} />
      </div>
      <div role="meter" aria-label="Share of the disk that Helios may still use, and has used" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)} className="h-1.5 overflow-hidden rounded-full bg-hover">
        <div className="h-full min-w-1 rounded-full bg-(--series-1)" style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  );
}
