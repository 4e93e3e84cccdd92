// What becomes of the stream: the table's name, where reading begins, and what most people leave as it is.
import { useQuery } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { sourcesQuery, tablesQuery } from "@/api/queries";
import { Field, Input, Segmented, Select } from "@/ui/form";
import { wrongTable } from "./declare";
import type { ConnectSearch } from "./search";

type Set = (change: Partial<ConnectSearch>) => void;

export function Destination({ search, set, table, times, retentionHours }: { search: ConnectSearch; set: Set; table: string; times: readonly string[]; retentionHours: number | undefined }) {
  const { data: tables } = useQuery(tablesQuery);
  const { data: sources } = useQuery(sourcesQuery);
  const reader = sources?.find((s) => s.settings.table === table.toLowerCase());
  const kept = !reader && tables?.some((t) => t.name === table.toLowerCase());
  const taken = reader && `The source ${reader.settings.name} fills this table. Give it another name.`;
  return (
    <div className="space-y-5">
      <div className="grid max-w-4xl gap-x-6 gap-y-4 sm:grid-cols-2 lg:grid-cols-[minmax(0,1fr)_auto_minmax(0,1fr)]">
        <Field label="Table" error={wrongTable(table) ?? taken} hint={kept ? "This table was kept when its source was removed: it goes on where it stopped." : "Its name in SQL."}>
          {(control) => <Input {...control} className="w-full font-mono text-xs" value={table} spellCheck={false} autoComplete="off" onChange={(e) => set({ table: e.target.value })} />}
        </Field>
        <Start from={search.from} set={set} retentionHours={retentionHours} />
        <Field label="Event time" hint={times.length ? "When an event happened, as it says itself." : "No column is a TIMESTAMP: choose that type above for one that is."}>
          {(control) => (
            <Select {...control} className="w-full" value={search.event_time ?? ""} disabled={!times.length} onChange={(e) => set({ event_time: e.target.value || undefined })}>
              <option value="">When it arrived (_arrived_at)</option>
              {times.map((t) => (
                <option key={t} value={t}>
                  {t}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </div>
      <Advanced search={search} set={set} />
    </div>
  );
}

/** Whether the name can be a table's. */
export function useTableWrong(table: string): boolean {
  const { data: sources } = useQuery(sourcesQuery);
  return !!wrongTable(table) || !!sources?.some((s) => s.settings.table === table.toLowerCase());
}

/** The name itself, or numbered if a source fills a table of that name. */
export function useFreeTable(name: string): string {
  const { data: sources = [] } = useQuery(sourcesQuery);
  const taken = new Set(sources.map((s) => s.settings.table));
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name.slice(0, 60)}_${n}`;
  return free;
}

function Start({ from = "horizon", set, retentionHours }: { from: string | undefined; set: Set; retentionHours: number | undefined }) {
  const kind = from === "horizon" || from === "latest" ? from : "time";
  const hints = {
    horizon: `All that the stream still holds${retentionHours ? `: up to ${retentionHours > 48 ? `${Math.round(retentionHours / 24)} days` : `${retentionHours} hours`} back` : ""}.`,
    latest: "Only what comes from now on.",
    time: "Records that arrived since then, as far as the stream still holds them.",
  };
  return (
    <div className="space-y-1">
      <div className="text-sm font-medium" aria-hidden>
        Begin with
      </div>
      <Segmented
        label="Begin with"
        value={kind}
        onChange={(k) => set({ from: k === "horizon" ? undefined : k === "latest" ? "latest" : new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000).toISOString() })}
        options={[
          { value: "horizon", label: "The oldest" },
          { value: "latest", label: "The newest" },
          { value: "time", label: "A time" },
        ]}
      />
      {kind === "time" && (
        <Input
          type="datetime-local"
          aria-label="Time to begin with, in your time zone"
          className="mt-1 block w-full"
          value={local(from)}
          onChange={(e) => {
            const at = new Date(e.target.value);
            if (!Number.isNaN(at.getTime())) set({ from: at.toISOString() });
          }}
        />
      )}
      <p className="max-w-64 text-xs text-faint">{hints[kind]}</p>
    </div>
  );
}

/** A time as the browser's own picker takes it. */
function local(time: string): string {
  const d = new Date(time);
  if (Number.isNaN(d.getTime())) return "";
  return new Date(d.getTime() - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function Advanced({ search, set }: { search: ConnectSearch; set: Set }) {
  return (
    <details className="group max-w-4xl">
      <summary className="inline-flex list-none items-center gap-1 rounded-sm text-sm font-medium text-muted hover:text-ink [&::-webkit-details-marker]:hidden">
        <ChevronRight size={15} className="transition-transform group-open:rotate-90" aria-hidden />
        Advanced settings
      </summary>
      <div className="mt-3 grid gap-x-6 gap-y-4 sm:grid-cols-2">
        <Field label="Reading" hint={search.read ? "A consumer is registered with the stream: fresher, and not slowed by others, but AWS charges for it." : "Within the five reads a second that all readers of a shard share."}>
          {(control) => (
            <Select {...control} className="w-full" value={search.read ?? ""} onChange={(e) => set({ read: e.target.value ? "fan_out" : undefined })}>
              <option value="">By polling</option>
              <option value="fan_out">By enhanced fan-out</option>
            </Select>
          )}
        </Field>
        <Field label="New fields" hint={search.evolve ? "Events that do not fit the columns go to quarantine, to be replayed after a change." : "The table grows, and types widen where that loses nothing."}>
          {(control) => (
            <Select {...control} className="w-full" value={search.evolve ?? ""} onChange={(e) => set({ evolve: e.target.value ? "fixed" : undefined })}>
              <option value="">Become columns</option>
              <option value="fixed">Send their events to quarantine</option>
            </Select>
          )}
        </Field>
        <Field label="Keep the table's events" hint="A time, a size or both, as in 30d, 200GB.">
          {(control) => <Input {...control} className="w-full" placeholder="for ever" value={search.retain ?? ""} onChange={(e) => set({ retain: e.target.value || undefined })} spellCheck={false} />}
        </Field>
        <Field label="Keep quarantined events" hint="The same, for what could not become rows.">
          {(control) => <Input {...control} className="w-full" placeholder="30d" value={search.retain_quarantine ?? ""} onChange={(e) => set({ retain_quarantine: e.target.value || undefined })} spellCheck={false} />}
        </Field>
      </div>
    </details>
  );
}
