// The queries that were run, newest first, searched by the server.
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { History, Trash2, X } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { api, problemOf } from "@/api/client";
import { bytes, duration, plural } from "@/lib/format";
import { Button, IconButton } from "@/ui/button";
import { Confirm } from "@/ui/dialog";
import { Time } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { historyQuery, type Past } from "../queries";
import { SearchField, type SideProps } from "./panel";

export function HistoryPanel({ openPast }: SideProps) {
  const [search, setSearch] = useState("");
  const [clearing, setClearing] = useState(false);
  const client = useQueryClient();
  const pages = useInfiniteQuery(historyQuery(useDeferredValue(search.trim())));
  const entries = pages.data?.pages.flatMap((p) => p.entries) ?? [];
  const refresh = () => client.invalidateQueries({ queryKey: ["query-history"] });
  const forget = async (id: string) => {
    try {
      await api.DELETE("/api/v1/query-history/{id}", { params: { path: { id } } });
    } catch (error) {
      toast(problemOf(error).message, "bad");
    }
    await refresh();
  };
  return (
    <>
      <SearchField label="Find in the history" value={search} onChange={setSearch} />
      <div className="min-h-0 flex-1 overflow-y-auto px-1.5 pb-4">
        {pages.error && <ProblemBox error={pages.error} retry={() => void pages.refetch()} />}
        {pages.isPending && <p role="status" className="animate-breathe px-2 py-2 text-xs text-muted">Asking for the history…</p>}
        {pages.data && entries.length === 0 && (
          <div className="flex gap-2 px-2 py-2 text-xs text-muted">
            <History size={14} aria-hidden className="mt-0.5 shrink-0" />
            <p>{search ? "No query in the history speaks of that." : "Every query that you run is remembered here, with what came of it."}</p>
          </div>
        )}
        <ul className="space-y-0.5">
          {entries.map((p) => (
            <li key={p.id} className="group flex items-start rounded-md hover:bg-hover">
              <button type="button" title={`Opens in a tab:\n${p.sql.slice(0, 1000)}`} className="min-w-0 flex-1 px-2 py-1.5 text-left" onClick={() => openPast(p)}>
                <code className="line-clamp-3 text-xs break-words">{p.sql.replace(/\s+/g, " ").slice(0, 300)}</code>
                <Came past={p} />
              </button>
              <IconButton icon={X} label="Forget this one" size="sm" className="mt-1 mr-0.5 opacity-0 group-hover:opacity-100 focus-visible:opacity-100 pointer-coarse:opacity-100" onClick={() => void forget(p.id)} />
            </li>
          ))}
        </ul>
        {pages.hasNextPage && (
          <Button size="sm" kind="quiet" className="mt-2 w-full" busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            Older ones
          </Button>
        )}
        {entries.length > 0 && (
          <Button size="sm" kind="quiet" icon={Trash2} className="mt-2 w-full" onClick={() => setClearing(true)}>
            Forget all
          </Button>
        )}
      </div>
      <Confirm
        open={clearing}
        onClose={() => setClearing(false)}
        title="Forget the whole history of queries?"
        action="Forget all"
        run={async () => {
          await api.DELETE("/api/v1/query-history");
          await refresh();
        }}
      >
        <p>All queries that were run are forgotten, not only those that the search shows. Saved queries stay.</p>
      </Confirm>
    </>
  );
}

function Came({ past }: { past: Past }) {
  return (
    <span className="mt-0.5 flex flex-wrap gap-x-2 text-2xs text-faint tabular">
      <Time at={past.started_at} />
      {past.outcome === "ok" ? (
        <>
          <span>{duration(past.elapsed_ms)}</span>
          <span>{plural(past.rows, "row")}</span>
          <span>{bytes(past.bytes)}</span>
        </>
      ) : past.outcome === "cancelled" ? (
        <span>cancelled</span>
      ) : (
        <span className="truncate text-bad" title={past.error}>
          failed: {past.error ?? past.outcome}
        </span>
      )}
    </span>
  );
}
