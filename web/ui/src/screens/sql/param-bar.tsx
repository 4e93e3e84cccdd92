// Inputs for the parameters that a text has: a time range for $from and $to, a field for each of the others.
import { useId } from "react";
import { Input, Select } from "@/ui/form";
import { isTime, kindOf, timeOf, usualRange, type Written } from "./lang/params";

const presets = [
  ["now-5m", "Last 5 minutes"],
  ["now-15m", "Last 15 minutes"],
  ["now-1h", "Last hour"],
  ["now-6h", "Last 6 hours"],
  ["now-24h", "Last 24 hours"],
  ["now-7d", "Last 7 days"],
  ["now-30d", "Last 30 days"],
] as const;

interface Props {
  names: readonly string[];
  written: Written;
  /** `settled` is true for what is chosen with one click, and may be run at once. */
  onChange: (written: Written, settled: boolean) => void;
  /** Runs what ran last, with the new values. */
  onRun: () => void;
}

export function ParamBar({ names, written, onChange, onRun }: Props) {
  if (names.length === 0) return null;
  const times = names.filter((n) => isTime(n.toLowerCase()));
  const set = (change: Written, settled = false) => onChange({ ...written, ...change }, settled);
  return (
    <form
      aria-label="Parameters"
      className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b bg-surface px-3 py-2"
      onSubmit={(e) => {
        e.preventDefault();
        onRun();
      }}
    >
      {times.length > 0 && <TimeRange names={times.map((n) => n.toLowerCase())} written={written} set={set} />}
      {names
        .filter((n) => !times.includes(n))
        .map((name) => (
          <Value key={name.toLowerCase()} name={name} value={written[name.toLowerCase()] ?? ""} set={(v) => set({ [name.toLowerCase()]: v })} />
        ))}
      {/* Without it, Enter would run only where there is a single field. */}
      <button type="submit" hidden />
    </form>
  );
}

function Value({ name, value, set }: { name: string; value: string; set: (value: string) => void }) {
  const id = useId();
  return (
    <span className="flex items-center gap-1.5">
      <label htmlFor={id} className="font-mono text-xs text-muted">
        ${name}
      </label>
      <Input id={id} value={value} spellCheck={false} autoComplete="off" placeholder="NULL" aria-describedby={`${id}-kind`} small className="w-36 font-mono" onChange={(e) => set(e.target.value)} />
      <span id={`${id}-kind`} className="w-12 text-2xs text-faint" title="42 and true are sent as such; in 'quotes' they are text">
        {kindOf(value)}
      </span>
    </span>
  );
}

/** A preset for the usual ranges, two times for the others. */
function TimeRange({ names, written, set }: { names: readonly string[]; written: Written; set: (change: Written, settled?: boolean) => void }) {
  const from = written.from ?? usualRange.from;
  const to = written.to ?? usualRange.to;
  const preset = to === "now" && presets.some(([value]) => value === from) ? from : "custom";
  const choose = (value: string) => {
    const now = Date.now();
    if (value === "custom") set({ from: timeOf(from, now), to: timeOf(to, now) });
    else set({ from: value, to: "now" }, true);
  };
  return (
    <fieldset className="flex flex-wrap items-center gap-1.5">
      <legend className="sr-only">Time range</legend>
      <span aria-hidden className="font-mono text-xs text-muted">
        {names.map((n) => `$${n}`).join(" – ")}
      </span>
      <Select small aria-label="Time range" value={preset} onChange={(e) => choose(e.target.value)}>
        {presets.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
        <option value="custom">From … to …</option>
      </Select>
      {preset === "custom" && (
        <>
          {names.includes("from") && <Moment label="From" value={from} onChange={(v) => set({ from: v })} />}
          {names.includes("to") && <Moment label="To" value={to} onChange={(v) => set({ to: v })} />}
        </>
      )}
    </fieldset>
  );
}

/** A time in the person's own zone; it is sent in UTC. */
function Moment({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const at = new Date(timeOf(value, Date.now()));
  const local = Number.isNaN(at.getTime()) ? "" : new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
  return (
    <Input
      type="datetime-local"
      step={1}
      aria-label={label}
      title={`${label}, in your time zone`}
      small
      value={local}
      onChange={(e) => {
        const chosen = new Date(e.target.value);
        if (!Number.isNaN(chosen.getTime())) onChange(chosen.toISOString());
      }}
    />
  );
}
