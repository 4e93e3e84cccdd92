import { RefreshCw } from "lucide-react";
import { useState } from "react";
import { exactTime } from "@/lib/format";
import { Button, IconButton } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input, Select } from "@/ui/form";
import { bounds, fieldTime, presets, rangeName, refreshes, span, type Range } from "./range";
import type { DashboardSearch } from "./search";

type Change = (search: Pick<DashboardSearch, "range" | "from" | "to" | "refresh">) => void;

/** The time range and the refresh of all panels. Both live in the address. */
export function Controls({ range, refresh, change, again }: { range: Range; refresh: number; change: Change; again: () => void }) {
  const [custom, setCustom] = useState(false);
  const preset = "last" in range ? presets.find((p) => span(p.value) === span(range.last)) : undefined;
  const value = "from" in range ? "fixed" : (preset?.value ?? range.last);
  return (
    <>
      <Select
        aria-label="Time range"
        value={value}
        className="max-w-56"
        onChange={(e) => {
          if (e.target.value === "custom") setCustom(true);
          else if (e.target.value !== "fixed") change({ range: e.target.value, from: undefined, to: undefined });
        }}
      >
        {presets.map((p) => (
          <option key={p.value} value={p.value}>
            {p.label}
          </option>
        ))}
        {"last" in range && !preset && <option value={range.last}>{rangeName(range.last)}</option>}
        {"from" in range && (
          <option value="fixed">
            {short(range.from)} – {short(range.to)}
          </option>
        )}
        <option value="custom">From … to …</option>
      </Select>
      <span className="inline-flex">
        <IconButton icon={RefreshCw} label="Refresh now" onClick={again} />
        <Select aria-label="Refresh" value={String(refresh)} onChange={(e) => change({ refresh: Number(e.target.value) })}>
          {[...new Set([...refreshes, refresh])]
            .sort((a, b) => a - b)
            .map((s) => (
              <option key={s} value={s}>
                {s === 0 ? "Off" : s < 60 ? `${s} s` : `${Math.round(s / 60)} min`}
              </option>
            ))}
        </Select>
      </span>
      {custom && <CustomRange range={range} close={() => setCustom(false)} choose={(from, to) => change({ range: undefined, from, to })} />}
    </>
  );
}

function short(iso: string): string {
  return exactTime(iso).slice(5, 16);
}

function CustomRange({ range, close, choose }: { range: Range; close: () => void; choose: (from: string, to: string) => void }) {
  const [now] = useState(() => bounds(range, Date.now()));
  const [from, setFrom] = useState(fieldTime(now.from));
  const [to, setTo] = useState(fieldTime(now.to));
  const error = !from || !to ? "Both times are needed" : new Date(from) >= new Date(to) ? "The range ends before it begins" : undefined;
  const submit = () => {
    if (error) return;
    choose(new Date(from).toISOString(), new Date(to).toISOString());
    close();
  };
  return (
    <Dialog
      open
      onClose={close}
      title="Time range"
      description="In your own time zone. Panels see it as $from and $to."
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button kind="primary" disabled={!!error} onClick={submit}>
            Show
          </Button>
        </>
      }
    >
      <form
        className="grid gap-3 sm:grid-cols-2"
        onSubmit={(e) => {
          e.preventDefault();
          submit();
        }}
      >
        <Field label="From">{(control) => <Input {...control} type="datetime-local" step={1} className="w-full" value={from} onChange={(e) => setFrom(e.target.value)} />}</Field>
        <Field label="To" error={error}>
          {(control) => <Input {...control} type="datetime-local" step={1} className="w-full" value={to} onChange={(e) => setTo(e.target.value)} />}
        </Field>
        <button type="submit" hidden />
      </form>
    </Dialog>
  );
}
