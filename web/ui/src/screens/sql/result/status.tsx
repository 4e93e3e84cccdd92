// What is to be said about a result: how many rows, how long, how large, how fresh.
import { bytes, duration, plural } from "@/lib/format";
import { Time } from "@/ui/layout";
import { Tooltip } from "@/ui/tooltip";
import { Elapsed } from "../toolbar";
import type { Outcome, Work } from "../work";

export function Status({ work, outcome }: { work: Work; outcome?: Outcome }) {
  const { running } = work;
  const waits = running !== undefined && !running.auto;
  return (
    <>
      <Said work={work} outcome={outcome} />
      {running && waits ? (
        <p className="text-xs text-muted">
          {running.total > 1 ? `Running statement ${running.current + 1} of ${running.total}` : "Running"}, <Elapsed since={running.startedAt} />
        </p>
      ) : work.cancelled ? (
        <p className="text-xs text-muted">Cancelled{outcome && ": below is what came before"}</p>
      ) : (
        outcome && <Numbers outcome={outcome} />
      )}
    </>
  );
}

/** What is read out: once for each thing that happens, and nothing of what ticks or runs by itself. */
function Said({ work, outcome }: { work: Work; outcome?: Outcome }) {
  const { running, cancelled, failure, last } = work;
  const said = running && !running.auto ? "Running" : cancelled ? "Cancelled" : failure ? "" : outcome && last ? `Done: ${plural(outcome.result.rowCount, "row")}` : "";
  return (
    <span role="status" className="sr-only">
      {said}
    </span>
  );
}

function Numbers({ outcome }: { outcome: Outcome }) {
  const { result } = outcome;
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-0.5 text-xs text-muted tabular">
      {result.truncated ? (
        <Tooltip text="There are more. An export holds them all.">
          <span tabIndex={0}>first {plural(result.rowCount, "row")}</span>
        </Tooltip>
      ) : (
        <span>{plural(result.rowCount, "row")}</span>
      )}
      <span title="As the server measured it">{duration(result.elapsedMs)}</span>
      <span title="The rows as they were sent, before compression">{bytes(result.bytes)}</span>
      <Freshness outcome={outcome} />
      <span>
        got <Time at={new Date(outcome.at).toISOString()} />
      </span>
    </div>
  );
}

/** The age of the newest event that the result could hold, when it came: the oldest of its sources counts. */
function Freshness({ outcome }: { outcome: Outcome }) {
  const sources = outcome.result.freshness.filter((f) => f.newest_arrived_at);
  if (sources.length === 0) return null;
  const age = (at: string | null) => Math.max(0, outcome.at - Date.parse(at ?? ""));
  const oldest = sources.reduce((a, b) => (age(a.newest_arrived_at) >= age(b.newest_arrived_at) ? a : b));
  return (
    <Tooltip
      text={sources.map((f) => (
        <span key={f.source} className="block">
          {f.source}: the newest event was {duration(age(f.newest_arrived_at))} old
        </span>
      ))}
    >
      <span tabIndex={0}>fresh to {duration(age(oldest.newest_arrived_at))}</span>
    </Tooltip>
  );
}
