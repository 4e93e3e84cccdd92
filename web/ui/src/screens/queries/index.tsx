// The saved queries, to be run: for those who may not write SQL.
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { FileCode2 } from "lucide-react";
import { savedQueriesQuery } from "@/api/queries";
import { Input } from "@/ui/form";
import { Empty, Page, Skeleton, Time, useTitle } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";

export default function Screen() {
  useTitle("Saved queries");
  const { q = "" } = useSearch({ from: "/queries" });
  const navigate = useNavigate();
  const all = useQuery(savedQueriesQuery);
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.data?.filter((s) => words.every((w) => `${s.name} ${s.description}`.toLowerCase().includes(w)));
  return (
    <Page title="Saved queries" subtitle="What others have written down, to be run at any time">
      {all.error && !all.data ? (
        <ProblemBox error={all.error} retry={() => void all.refetch()} />
      ) : !all.data || !found ? (
        <Skeleton lines={6} />
      ) : all.data.length === 0 ? (
        <Empty icon={FileCode2} title="No saved queries yet">
          Whoever may write SQL here can save a query, and it will be in this list.
        </Empty>
      ) : (
        <>
          {(all.data.length > 6 || q) && (
            <Input type="search" aria-label="Search saved queries" placeholder="Search saved queries" className="mb-3 w-full sm:w-72" value={q} onChange={(e) => void navigate({ to: "/queries", search: { q: e.target.value || undefined }, replace: true })} />
          )}
          <ul className="divide-y overflow-hidden rounded-lg border bg-surface shadow-(--shadow-raised)">
            {found.map((s) => (
              <li key={s.id} className="relative flex flex-wrap items-baseline gap-x-4 gap-y-0.5 px-4 py-3 hover:bg-hover">
                <div className="min-w-0 flex-1 basis-60">
                  <h2 className="text-sm break-words">
                    <Link to="/queries/$id" params={{ id: s.id }} className="-outline-offset-2 after:absolute after:inset-0">
                      {s.name}
                    </Link>
                  </h2>
                  {s.description && <p className="text-sm text-muted">{s.description}</p>}
                </div>
                <p className="relative z-1 text-xs text-faint">
                  changed <Time at={s.updated_at} />
                </p>
              </li>
            ))}
          </ul>
          {found.length === 0 && <p className="py-10 text-center text-sm text-faint">No saved query has these words</p>}
        </>
      )}
    </Page>
  );
}
