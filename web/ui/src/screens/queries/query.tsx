// One saved query: its parameters, and its rows as they are when it runs.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { FileCode2, Link2, Play, SquareTerminal } from "lucide-react";
import { useMemo, useState } from "react";
import { savedQueriesQuery } from "@/api/queries";
import type { Schemas } from "@/api/client";
import { chooseChart, ResultChart } from "@/data/chart";
import { ResultGrid } from "@/data/grid";
import { runQuery, type Result } from "@/data/result";
import { copy } from "@/lib/clipboard";
import { duration, plural } from "@/lib/format";
import { parameters, valuesFor, writtenParams, type Written } from "@/screens/sql/lang/params";
import { ParamBar } from "@/screens/sql/param-bar";
import { Button, IconButton, LinkButton } from "@/ui/button";
import { Segmented } from "@/ui/form";
import { Empty, Page, Skeleton, Time, useTitle } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";

export default function Screen() {
  const { id } = useParams({ from: "/queries/$id" });
  const all = useQuery(savedQueriesQuery);
  const saved = all.data?.find((s) => s.id === id);
  useTitle(saved?.name ?? "Saved query");
  if (saved) return <Query key={id} saved={saved} />;
  return (
    <Page title="Saved query">
      {all.error ? (
        <ProblemBox error={all.error} retry={() => void all.refetch()} />
      ) : !all.data ? (
        <Skeleton lines={6} />
      ) : (
        <Empty icon={FileCode2} title="There is no such saved query" actions={<LinkButton to="/queries">All saved queries</LinkButton>}>
          It was deleted, or the link is not right.
        </Empty>
      )}
    </Page>
  );
}

function Query({ saved }: { saved: Schemas["SavedQuery"] }) {
  const { id, sql } = saved;
  const search = useSearch({ from: "/queries/$id" });
  const navigate = useNavigate({ from: "/queries/$id" });
  const names = useMemo(() => parameters(sql), [sql]);
  const chosen = useMemo<Written>(() => ({ ...writtenParams(saved.params), ...search.params }), [saved.params, search.params]);
  const [typed, setTyped] = useState(chosen); // until it runs with it
  const look = (part: typeof search) => void navigate({ search: (s) => ({ ...s, ...part }), replace: true });
  const rows = useQuery({
    queryKey: ["saved-run", id, sql, chosen],
    queryFn: ({ signal }) => runQuery({ saved: id, sql, params: valuesFor(sql, chosen, Date.now()), maxRows: 10_000, signal }),
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    staleTime: Infinity,
    gcTime: 0,
  });
  const run = (written = typed) => {
    if (JSON.stringify(written) === JSON.stringify(chosen)) void rows.refetch();
    else look({ params: written });
  };
  return (
    <Page
      fixed
      title={saved.name}
      subtitle={saved.description}
      actions={
        <>
          <IconButton icon={Link2} label="Copy the link" onClick={() => void copy(location.href, "Link copied")} />
          <LinkButton icon={SquareTerminal} to="/sql" search={{ saved: id }}>
            Open as SQL
          </LinkButton>
          <Button kind="primary" icon={Play} busy={rows.isFetching} onClick={() => run()}>
            Run
          </Button>
        </>
      }
    >
      <section aria-label="Result" className="flex min-h-0 flex-1 flex-col overflow-hidden rounded-lg border bg-surface shadow-(--shadow-raised)">
        <ParamBar
          names={names}
          written={typed}
          onChange={(written, settled) => {
            setTyped(written);
            if (settled) run(written);
          }}
          onRun={() => run()}
        />
        {rows.error ? (
          <div className="p-3">
            <ProblemBox error={rows.error} retry={() => void rows.refetch()} />
          </div>
        ) : rows.data ? (
          <Rows saved={saved} result={rows.data} at={rows.dataUpdatedAt} view={search.view} choose={(view) => look({ view })} />
        ) : (
          <Skeleton lines={6} className="p-4" />
        )}
      </section>
    </Page>
  );
}

const shown = [
  { value: "chart" as const, label: "Chart" },
  { value: "table" as const, label: "Table" },
];

function Rows({ saved, result, at, view, choose }: { saved: Schemas["SavedQuery"]; result: Result; at: number; view?: "chart" | "table"; choose: (view: "chart" | "table") => void }) {
  const chart = useMemo(() => saved.chart ?? chooseChart(result), [saved.chart, result]);
  const drawn = chart.kind !== "table" && view !== "table";
  return (
    <>
      <div className="flex min-h-10 flex-wrap items-center gap-x-4 gap-y-1 border-b px-3 py-1 text-xs text-muted tabular">
        {chart.kind !== "table" && <Segmented small label="Show as" value={drawn ? "chart" : "table"} onChange={choose} options={shown} />}
        <span role="status">{result.truncated ? `first ${plural(result.rowCount, "row")}` : plural(result.rowCount, "row")}</span>
        <span title="As the server measured it">{duration(result.elapsedMs)}</span>
        <span>
          got <Time at={new Date(at).toISOString()} />
        </span>
      </div>
      {drawn && result.rows.length > 0 ? <ResultChart result={result} chart={chart} className="min-h-64 flex-1 p-3" /> : <ResultGrid result={result} />}
    </>
  );
}
