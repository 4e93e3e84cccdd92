import { Pause as PauseIcon, Play } from "lucide-react";
import { measured, number, plural } from "@/lib/format";
import { Button } from "@/ui/button";
import { Badge, Kbd } from "@/ui/layout";
import { Sparkline } from "@/ui/sparkline";
import type { TailLog, View } from "./log";

const why = { asked: "", scrolled: ", because you scrolled up", looking: ", because you look at an event" };

/** How it goes: connected or not, how much there is, and how much of it is shown. */
export function Status({ view, reading, filtered }: { view: View; reading: boolean; filtered: boolean }) {
  const rate = view.rates.at(-1);
  const matched = Math.round(view.rates.reduce((sum, r) => sum + r.matched_per_second, 0)); // a rate is that of one second
  return (
    <div className="flex min-h-9 flex-wrap items-center gap-x-4 gap-y-1.5 py-1.5 text-xs text-muted">
      <span className="flex items-center gap-2" role="status">
        <Connection view={view} reading={reading} />
      </span>
      {view.paused && (
        <span className="tabular">
          {plural(view.waiting, "event")}
          <span className="max-sm:sr-only"> came meanwhile</span>
        </span>
      )}
      {rate && (
        <span className="flex items-center gap-3 tabular">
          <span>
            <strong className="font-semibold text-ink">{measured(rate.events_per_second)}</strong> events/s
          </span>
          {filtered && (
            <span>
              <strong className="font-semibold text-ink">{number(matched)}</strong> {matched === 1 ? "match" : "matches"} in the last minute
            </span>
          )}
          <span className="w-24 border-b max-sm:hidden">
            <Sparkline height={18} values={minute(view.rates.map((r) => r.events_per_second))} label={`Events a second over the last minute, now ${measured(rate.events_per_second)}`} />
          </span>
        </span>
      )}
      <Shown view={view} />
    </div>
  );
}

function Connection({ view, reading }: { view: View; reading: boolean }) {
  if (view.connection === "refused") return <Badge tone="bad" dot>Not connected</Badge>;
  if (view.connection === "lost") return <Badge tone="warn" dot>Connection lost: connecting again</Badge>;
  if (view.paused) {
    return (
      <Badge tone="info" dot>
        Paused
        <span className="-ml-1.5 max-sm:sr-only">{why[view.paused]}</span>
      </Badge>
    );
  }
  if (view.connection === "live" && !reading) return <Badge dot>Connected</Badge>;
  return view.connection === "live" ? <Badge tone="good" dot>Live</Badge> : <Badge dot>Connecting</Badge>;
}

/** Says so when not all that matches is shown. */
function Shown({ view }: { view: View }) {
  const rate = view.rates.at(-1);
  const left = view.sampled + view.slow;
  if (!rate || left === 0) return null;
  const behind = rate.matched_per_second > view.received + 1;
  return (
    <span className="text-warn tabular">
      {behind ? `Showing ${number(view.received)} of ${measured(rate.matched_per_second)} events/s` : `${plural(left, "event")} left out so far`}
      {": "}
      {view.slow > view.sampled ? "this browser or its connection is too slow for more" : behind ? "an even sample" : "there were too many at once"}
    </span>
  );
}

/** A minute of values, with nothing where there was none yet. */
function minute(values: number[]): (number | null)[] {
  return [...Array.from({ length: Math.max(0, 60 - values.length) }, () => null), ...values];
}

/** Pauses and goes on. */
export function PauseButton({ log, view }: { log: TailLog; view: View }) {
  return view.paused ? (
    <Button kind="primary" icon={Play} onClick={() => log.resume()}>
      Go on
      <Space />
    </Button>
  ) : (
    <Button icon={PauseIcon} onClick={() => log.pause("asked")}>
      Pause
      <Space />
    </Button>
  );
}

function Space() {
  return (
    <span className="hidden sm:inline">
      <Kbd>Space</Kbd>
    </span>
  );
}
