import { useQuery } from "@tanstack/react-query";
import { Check, FileCode2, Plus, SquareTerminal } from "lucide-react";
import { useState } from "react";
import { Button, LinkButton } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Input } from "@/ui/form";
import { Badge, Empty, Skeleton } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import { panelFor } from "./new-panel";
import { savedQueriesQuery, type Panel, type SavedQuery } from "./queries";
import { ranged } from "./rows";

/** Chooses a saved query to be shown. */
export function AddPanel({ panels, close, add }: { panels: readonly Panel[]; close: () => void; add: (panel: Panel) => void }) {
  const saved = useQuery(savedQueriesQuery);
  const [typed, setTyped] = useState("");
  const [added, setAdded] = useState<readonly SavedQuery[]>([]);
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found = saved.data?.filter((q) => words.every((w) => `${q.name} ${q.description} ${q.sql}`.toLowerCase().includes(w)));
  const writeOne = (
    <LinkButton to="/sql" icon={SquareTerminal}>
      Write a query
    </LinkButton>
  );
  return (
    <Dialog open onClose={close} title="Add a panel" description="A panel shows a saved query. A query without $from and $to ignores the time range." actions={saved.data?.length ? writeOne : undefined}>
      {saved.error ? (
        <ProblemBox error={saved.error} retry={() => void saved.refetch()} />
      ) : !saved.data || !found ? (
        <Skeleton />
      ) : saved.data.length === 0 ? (
        <Empty icon={FileCode2} title="No saved query yet" actions={writeOne}>
          Write one, save it, and come back: it will be here.
        </Empty>
      ) : (
        <>
          <Input type="search" aria-label="Search saved queries" placeholder="Search saved queries" className="mt-1 mb-2 w-full" value={typed} onChange={(e) => setTyped(e.target.value)} />
          <p role="status" className="sr-only">
            {added.length > 0 && `${added.at(-1)?.name} added`}
          </p>
          <ul className="divide-y">
            {found.map((q) => (
              <li key={q.id} className="flex items-center gap-3 py-2">
                <div className="min-w-0 flex-1">
                  <p className="truncate text-sm font-medium">{q.name}</p>
                  <p className="truncate text-xs text-faint">{q.description || q.sql}</p>
                </div>
                {!ranged(q) && <Badge title="It ignores the dashboard's time range">own time range</Badge>}
                {q.chart && <Badge>{q.chart.kind}</Badge>}
                <Button
                  size="sm"
                  icon={added.includes(q) ? Check : Plus}
                  aria-label={`${added.includes(q) ? "Added" : "Add"} ${q.name}`}
                  className="min-w-20"
                  onClick={() => {
                    add(panelFor(q, panels));
                    setAdded([...added, q]);
                  }}
                >
                  {added.includes(q) ? "Added" : "Add"}
                </Button>
              </li>
            ))}
          </ul>
          {found.length === 0 && <p className="py-4 text-center text-sm text-faint">No saved query has these words</p>}
        </>
      )}
    </Dialog>
  );
}
