import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Copy, SquareTerminal } from "lucide-react";
import { useState } from "react";
import { api, data, problemOf, type Schemas } from "@/api/client";
import { copy } from "@/lib/clipboard";
import { curl } from "@/lib/curl";
import { duration, number, plural } from "@/lib/format";
import { Button, IconButton, LinkButton } from "@/ui/button";
import { Badge, Card } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import { toast } from "@/ui/toast";

const queriesQuery = {
  queryKey: ["queries"],
  queryFn: async () => (await data(api.GET("/api/v1/queries"))).queries,
  refetchInterval: 1000,
};

/** The queries that wait or run now, each of which can be cancelled. */
export function Queries() {
  const queries = useQuery(queriesQuery);
  const running = queries.data ?? [];
  return (
    <Card flush title={running.length ? `Running queries (${number(running.length)})` : "Running queries"} actions={<IconButton icon={Copy} label="Copy as curl" size="sm" onClick={() => void copy(curl("/api/v1/queries"))} />}>
      {queries.error && !queries.data ? (
        <div className="p-3">
          <ProblemBox error={queries.error} retry={() => void queries.refetch()} />
        </div>
      ) : running.length ? (
        <ul className="divide-y">
          {running.map((q) => (
            <Running key={q.id} query={q} />
          ))}
        </ul>
      ) : (
        <p className="px-4 py-3.5 text-sm text-muted">No query runs right now.</p>
      )}
    </Card>
  );
}

function Running({ query: q }: { query: Schemas["Running"] }) {
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  const cancel = async () => {
    setAsked(true);
    try {
      await data(api.DELETE("/api/v1/queries/{id}", { params: { path: { id: q.id } } }));
      toast("Cancelled");
    } catch (error) {
      setAsked(false);
      // It may have ended in the meantime, which is what was asked for.
      if (problemOf(error).status !== 404) toast(problemOf(error).message, "bad");
    }
    await client.invalidateQueries({ queryKey: queriesQuery.queryKey });
  };
  const sql = q.sql.replace(/\s+/g, " ").trim();
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5 sm:flex-nowrap">
      <code className="min-w-0 flex-1 basis-full truncate text-xs sm:basis-0" title={q.sql}>
        {sql}
      </code>
      {q.cancelling ? <Badge tone="warn">Ending</Badge> : q.waiting ? <Badge tone="info">Waits its turn</Badge> : null}
      <span className="text-xs text-muted tabular">{plural(q.rows, "row")}</span>
      <span className="w-20 text-right text-xs text-muted tabular">{duration(q.elapsed_ms)}</span>
      <LinkButton size="sm" kind="quiet" icon={SquareTerminal} to="/sql" search={{ sql: q.sql }} aria-label="Open as SQL">
        <span className="max-sm:sr-only">SQL</span>
      </LinkButton>
      <Button size="sm" busy={asked || q.cancelling} onClick={() => void cancel()}>
        Cancel
      </Button>
    </li>
  );
}
