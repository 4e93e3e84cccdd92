import { RefreshCw } from "lucide-react";
import { Suspense, useState } from "react";
import { exactTime } from "@/lib/format";
import { IconButton } from "@/ui/button";
import { Select } from "@/ui/form";
import { CustomRange } from "./later";
import { presets, rangeName, refreshes, span, type Range } from "./range";
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
      {custom && (
        <Suspense>
          <CustomRange range={range} close={() => setCustom(false)} choose={(from, to) => change({ range: undefined, from, to })} />
        </Suspense>
      )}
    </>
  );
}

function short(iso: string): string {
  return exactTime(iso).slice(5, 16);
}
