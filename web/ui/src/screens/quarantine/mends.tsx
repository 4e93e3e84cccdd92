import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleSlash, TriangleAlert } from "lucide-react";
import type { Schemas } from "@/api/client";
import { tablesQuery } from "@/api/queries";
import { reasonLabel } from "@/data/reasons";
import { number, percent } from "@/lib/format";
import { Button } from "@/ui/button";
import { Card, Skeleton } from "@/ui/layout";
import { ProblemBox, sentence } from "@/ui/problem";
import { advised, costOf } from "./cost";
import { changeOf, dryRunQuery, mendsQuery } from "./queries";
import type { Scope } from "./scope";

type Mend = Schemas["Mend"];
type DryRun = Schemas["DryRun"];

/** What is about to be done, and what it was found to do. */
export interface MendPlan {
  mend: Mend;
  dry: DryRun;
  /** What queries lose by it. */
  cost?: string;
  /** Whether it is worth that. */
  advised: boolean;
}

const again: Mend = { kind: "replay", title: "Try them again", explanation: "Nothing is changed: what fits the table as it is today becomes rows, the rest stays." };

/** What can be done so that the `held` events become rows, each with what it would do to them and to queries. */
export function Mends({ scope, held, onApply }: { scope: Scope; held: number; onApply: (plan: MendPlan) => void }) {
  const tables = useQuery(tablesQuery);
  const table = tables.data?.find((t) => t.name === scope.table);
  const events = table && table.rows + table.quarantined;
  const grouped = scope.reason !== undefined;
  const mends = useQuery({ ...mendsQuery(scope), enabled: grouped });
  const proposed = grouped ? (mends.data ?? []) : [];
  // To try again can always be done: it is offered where nothing else is, and for the many reasons of a whole table.
  const list = proposed.length > 0 ? proposed : [again];
  const none = grouped && mends.data?.length === 0;
  const judged = list.map((mend) => {
    const cost = costOf(mend, table?.columns.find((c) => c.name === mend.column)?.type);
    return { mend, cost, advised: advised(mend, cost, held, events) };
  });
  return (
    <Card title="What can be done" flush>
      {(grouped && mends.isPending) || tables.isPending ? (
        <Skeleton className="p-4" lines={4} />
      ) : (
        <>
          {mends.error && (
            <div className="p-4 pb-0">
              <ProblemBox error={mends.error} retry={() => void mends.refetch()} />
            </div>
          )}
          {none && (
            <p className="border-b p-4 text-xs text-muted">
              No change of the table makes rows of these: the events have to be written differently by what sends them. Until then they are kept here whole; they can be exported, or deleted.
            </p>
          )}
          <ul className="divide-y">
            {!judged[0]?.advised && <Leave held={held} events={events} />}
            {judged.map((j, i) => (
              <MendItem key={`${j.mend.kind} ${j.mend.column ?? j.mend.path?.join(".") ?? ""} ${j.mend.type ?? ""}`} {...j} scope={scope} onApply={onApply} proposedAt={mends.dataUpdatedAt} first={i === 0} />
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

/** To change nothing is what is advised where every change costs all events something. */
function Leave({ held, events }: { held: number; events: number | undefined }) {
  return (
    <li className="space-y-1 p-4">
      <h3 className="text-sm">Leave them here, and mend what sends them</h3>
      <p className="text-xs text-muted">
        {events ? `They are ${number(held)} of the table’s ${number(events)} events (${percent(held / events)}). ` : ""}They are kept whole, and can be exported; all others are rows, and queries go on as they are. What is proposed below changes the table for all events.
      </p>
    </li>
  );
}

/** What queries lose by a mend. */
export function Cost({ children }: { children: string }) {
  return (
    <p className="flex gap-1.5 text-warn">
      <TriangleAlert size={14} aria-label="Warning:" role="img" className="mt-0.5 shrink-0" />
      <span className="min-w-0 break-words">{children}</span>
    </p>
  );
}

function MendItem({ mend, cost, advised, scope, onApply, proposedAt, first }: Omit<MendPlan, "dry"> & { scope: Scope; onApply: (plan: MendPlan) => void; proposedAt: number; first: boolean }) {
  const change = changeOf(mend);
  const dry = useQuery(dryRunQuery(scope, change, proposedAt));
  const useful = !!dry.data && dry.data.would_pass > 0;
  return (
    <li className="space-y-2.5 p-4">
      <div className="space-y-1">
        <h3 className="text-sm">{mend.title}</h3>
        <p className="text-xs text-muted">{sentence(mend.explanation)}</p>
        {cost && (
          <div className="text-xs">
            <Cost>{cost}</Cost>
          </div>
        )}
      </div>
      {dry.isPending && <p className="text-xs text-faint">Trying it on what is held…</p>}
      {dry.error && <ProblemBox error={dry.error} retry={() => void dry.refetch()} />}
      {dry.data && <Outcome dry={dry.data} />}
      <Button kind={first && useful && advised ? "primary" : "secondary"} size="sm" disabled={!dry.data || (!useful && !change)} onClick={() => dry.data && onApply({ mend, dry: dry.data, cost, advised })}>
        {change ? "Apply and replay" : "Replay"}
      </Button>
    </li>
  );
}

/** What a dry run found: "1,204 of 1,310 would pass". */
function Outcome({ dry }: { dry: DryRun }) {
  const share = dry.tried > 0 ? dry.would_pass / dry.tried : 0;
  return (
    <div className="space-y-1.5 text-xs">
      <p className="flex items-center gap-1.5 font-medium">
        {dry.would_pass > 0 ? <CircleCheck size={14} aria-hidden className="text-good" /> : <CircleSlash size={14} aria-hidden className="text-faint" />}
        <span className="tabular">
          {number(dry.would_pass)} of {number(dry.tried)} would pass
        </span>
      </p>
      <div aria-hidden className="h-1.5 overflow-hidden rounded-full bg-hover">
        <div className="h-full rounded-full bg-good" style={{ width: `${share * 100}%` }} />
      </div>
      {dry.tried < dry.matched && (
        <p className="text-faint">
          Tried on {number(dry.tried)} of the {number(dry.matched)} that are held.
        </p>
      )}
      {dry.still_rejected.length > 0 && (
        <ul className="space-y-0.5 text-muted">
          {dry.still_rejected.slice(0, 5).map((s) => (
            <li key={`${s.reason} ${s.field}`} className="flex gap-2">
              <span className="min-w-0 flex-1 truncate">
                Still: {reasonLabel(s.reason)}
                {s.field && (
                  <>
                    {" "}
                    at <code>{s.field}</code>
                  </>
                )}
              </span>
              <span className="tabular">{number(s.count)}</span>
            </li>
          ))}
          {dry.still_rejected.length > 5 && <li className="text-faint">and {number(dry.still_rejected.length - 5)} other reasons</li>}
        </ul>
      )}
    </div>
  );
}
