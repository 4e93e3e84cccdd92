import { useState } from "react";
import { Button } from "@/ui/button";
import { Field, Select } from "@/ui/form";
import { Card } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import { Choice } from "../choice";
import type { Source, TableInfo } from "../queries";
import { system } from "../schema/types";
import { useChangeSource } from "./change";

const modes = [
  { value: "auto", title: "As Helios sees fit", says: "Polling: it leaves the stream as it is and costs nothing more." },
  { value: "poll", title: "Polling", says: "Five reads a second and shard, which everybody who polls the stream shares." },
  { value: "fan_out", title: "Fan-out", says: "A consumer of its own is registered with the stream: the freshest, with limits of its own. AWS charges by shard-hour and volume." },
] as const;
type Mode = (typeof modes)[number]["value"];

/** How the stream is read. */
export function ReadingCard({ source }: { source: Source }) {
  const now = modes.find((m) => m.value === source.settings.read)?.value ?? "auto";
  const [chosen, setChosen] = useState<Mode | null>(null);
  const change = useChangeSource(source);
  const mode = chosen ?? now;
  return (
    <Card title="How the stream is read">
      <form
        className="space-y-3"
        onSubmit={(e) => {
          e.preventDefault();
          if (mode !== now) change.mutate({ read: mode }, { onSuccess: () => setChosen(null) });
        }}
      >
        <fieldset className="space-y-2">
          <legend className="sr-only">How the stream is read</legend>
          {modes.map((m) => (
            <Choice key={m.value} name="read" checked={m.value === mode} onChange={() => setChosen(m.value)} title={m.title}>
              {m.says}
            </Choice>
          ))}
        </fieldset>
        {change.error && <ProblemBox error={change.error} />}
        <div className="flex items-center justify-between gap-3">
          <p className="text-xs text-faint">A change takes effect at once; reading goes on where it stopped.</p>
          <Button type="submit" disabled={mode === now} busy={change.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Card>
  );
}

/** Which column says when an event happened. */
export function EventTimeCard({ source, table }: { source: Source; table: TableInfo | undefined }) {
  const change = useChangeSource(source);
  const now = source.settings.event_time ?? "";
  const columns = (table?.columns ?? []).filter((c) => c.type === "TIMESTAMP" && !system(c)).map((c) => c.name);
  return (
    <Card title="Event time">
      <Field label="The column that says when an event happened" hint={columns.length === 0 ? "The table has no TIMESTAMP column of its own" : "Saved as soon as it is chosen"}>
        {(control) => (
          <Select {...control} className="w-full" value={now} disabled={change.isPending} onChange={(e) => change.mutate({ event_time: e.target.value })}>
            <option value="">_arrived_at: when it arrived in the stream</option>
            {[...new Set(now ? [now, ...columns] : columns)].map((c) => (
              <option key={c} value={c}>
                {c}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {change.error && (
        <div className="mt-3">
          <ProblemBox error={change.error} />
        </div>
      )}
    </Card>
  );
}
