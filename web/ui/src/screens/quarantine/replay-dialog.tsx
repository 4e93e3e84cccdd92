import { CircleCheck, CirclePause } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { api, data } from "@/api/client";
import { runQuery } from "@/data/result";
import { number, plural } from "@/lib/format";
import { Button, LinkButton, Spinner } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { ProblemBox, sentence } from "@/ui/problem";
import { Cost, type MendPlan } from "./mends";
import { changed, changeOf } from "./queries";
import { nothing, replayAll, type Account } from "./replay";
import { beforeReplay, filterOf, replayedRows, type Scope } from "./scope";

const batch = 500;

type Phase = { at: "asking" } | { at: "changing" } | { at: "replaying" } | { at: "stopped" } | { at: "done" } | { at: "failed"; error: unknown };

/** Makes a change of the table, if there is one, and replays: told before, watched while it goes on, accounted for afterwards. */
export function ReplayDialog({ mend, dry, cost, advised, scope, onClose }: MendPlan & { scope: Scope; onClose: () => void }) {
  const change = changeOf(mend);
  const [phase, setPhase] = useState<Phase>({ at: "asking" });
  const [account, setAccount] = useState<Account>(nothing);
  const made = useRef(false);
  const rows = useRef(""); // the statement that asks for them, once it can be told
  const stop = useRef<AbortController>(null);
  useEffect(() => () => stop.current?.abort(), []);
  const busy = phase.at === "changing" || phase.at === "replaying";

  const go = async () => {
    const control = new AbortController();
    stop.current = control;
    const table = { params: { path: { table: scope.table } } };
    try {
      if (change && !made.current) {
        setPhase({ at: "changing" });
        await data(api.POST("/api/v1/tables/{table}/changes", { ...table, body: change }));
        made.current = true;
      }
      setPhase({ at: "replaying" });
      rows.current ||= await rowsOf(scope, control.signal);
      const ask = (after?: string) => data(api.POST("/api/v1/quarantine/{table}/replay", { ...table, body: { filter: filterOf(scope), limit: batch, ...(after && { after }) } }));
      const end = await replayAll(account, ask, setAccount, control.signal);
      setPhase({ at: end.next === undefined ? "done" : "stopped" });
    } catch (error) {
      setPhase({ at: "failed", error });
    }
  };
  const close = () => {
    stop.current?.abort();
    if (phase.at !== "asking") void changed();
    onClose();
  };
  return (
    <Dialog
      open
      onClose={close}
      title={phase.at === "asking" ? mend.title : `${mend.title}: ${scope.table}`}
      actions={
        <>
          {busy && (
            <Button onClick={() => stop.current?.abort()} disabled={phase.at === "changing"}>
              Stop
            </Button>
          )}
          {phase.at === "done" && account.rows > 0 && rows.current && (
            <LinkButton to="/sql" search={{ sql: rows.current }} onClick={close}>
              See the rows
            </LinkButton>
          )}
          {!busy && <Button onClick={close}>{phase.at === "asking" ? "Not now" : "Close"}</Button>}
          {phase.at === "asking" && (
            <Button kind={advised ? "primary" : "danger"} onClick={() => void go()}>
              {change ? "Apply and replay" : "Replay"}
            </Button>
          )}
          {(phase.at === "stopped" || phase.at === "failed") && (
            <Button kind="primary" onClick={() => void go()}>
              Go on
            </Button>
          )}
        </>
      }
    >
      <div className="space-y-4 text-sm">
        {phase.at === "asking" ? (
          <Plan mend={mend} cost={cost} scope={scope} dry={dry} />
        ) : (
          <>
            <Progress account={account} count={dry.matched} label={phase.at === "changing" ? "Changing the table" : "Replaying"} busy={busy} done={phase.at === "done"} />
            {phase.at === "failed" && <ProblemBox error={phase.error} title={change && !made.current ? "The table could not be changed" : "The replay broke off"} />}
            {phase.at === "stopped" && <p className="text-muted">Stopped. What became rows stays so; the rest is in quarantine as before.</p>}
            {phase.at === "done" && <Final account={account} />}
          </>
        )}
      </div>
    </Dialog>
  );
}

/** The statement that will ask for the rows of the replay that is about to begin; empty if that cannot be told, which is no reason not to replay. */
async function rowsOf(scope: Scope, signal: AbortSignal): Promise<string> {
  try {
    const [row = []] = (await runQuery({ sql: beforeReplay(scope), signal })).rows;
    const [began, first, last] = row;
    return typeof began === "string" && typeof first === "string" && typeof last === "string" ? replayedRows(scope.table, began, first, last) : "";
  } catch (error) {
    if (signal.aborted) throw error;
    return "";
  }
}

function Plan({ mend, dry, cost, scope }: Omit<MendPlan, "advised"> & { scope: Scope }) {
  return (
    <>
      <p>{sentence(mend.explanation)}</p>
      {cost && <Cost>{cost}</Cost>}
      <p className="text-muted">
        Then {plural(dry.matched, "event")} of <strong className="font-semibold text-ink">{scope.table}</strong> {dry.matched === 1 ? "is" : "are"} tried again, in batches that can be stopped: {number(dry.would_pass)} of {number(dry.tried)} tried would become rows. What does not fit stays in quarantine.
      </p>
      {scope.search && <p className="text-muted">Only those with “{scope.search}” in them are tried.</p>}
    </>
  );
}

function Progress({ account, count, label, busy, done }: { account: Account; count: number; label: string; busy: boolean; done: boolean }) {
  const share = done ? 1 : Math.min(1, account.tried / Math.max(1, count));
  return (
    <div className="space-y-2">
      <div className="flex items-center gap-2">
        {busy ? <Spinner /> : done ? <CircleCheck size={16} aria-hidden className="text-good" /> : <CirclePause size={16} aria-hidden className="text-warn" />}
        <span className="flex-1">{busy ? `${label}…` : done ? "Done" : "Not finished"}</span>
        <span className="text-muted tabular">
          {number(account.tried)} of {number(Math.max(count, account.tried))}
        </span>
      </div>
      <div role="progressbar" aria-label="Events tried again" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)} className="h-2 overflow-hidden rounded-full bg-hover">
        <div className="h-full rounded-full bg-good transition-[width]" style={{ width: `${share * 100}%` }} />
      </div>
      <p className="text-xs text-muted tabular" role="status">
        {number(account.replayed)} replayed · {number(account.rejected)} still rejected
      </p>
    </div>
  );
}

function Final({ account }: { account: Account }) {
  return (
    <p>
      {account.replayed === 0 ? "No event became a row" : `${plural(account.replayed, "event")} left the quarantine and ${account.rows === 1 ? "is 1 row" : `are ${number(account.rows)} rows`} now`}.{" "}
      {account.rejected > 0 && `${plural(account.rejected, "event")} ${account.rejected === 1 ? "does" : "do"} not fit even so, and stayed.`}
    </p>
  );
}
