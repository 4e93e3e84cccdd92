import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ChartPie, CircleAlert, Copy, Download, EllipsisVertical, Expand, FileCode2, SquareTerminal, Trash2 } from "lucide-react";
import { useMemo, type ReactNode } from "react";
import { problemOf } from "@/api/client";
import { chooseChart, ResultChart } from "@/data/chart";
import { exportQuery, type Result } from "@/data/result";
import { copy } from "@/lib/clipboard";
import { ago } from "@/lib/format";
import { useSession } from "@/lib/session";
import { useNow } from "@/lib/time";
import { IconButton, Spinner } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Time } from "@/ui/layout";
import { Menu } from "@/ui/menu";
import { ProblemBox } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { Tooltip } from "@/ui/tooltip";
import type { Panel as PanelType, SavedQuery } from "./queries";
import type { Range } from "./range";
import { panelCurl, panelRows, panelStatement, ranged } from "./rows";

export interface PanelProps {
  panel: PanelType;
  /** Undefined when it was deleted, null while it is not known yet. */
  query: SavedQuery | undefined | null;
  range: Range;
  /** Seconds between runs; 0 for none. */
  refresh: number;
  edit?: () => void;
  remove?: () => void;
  enlarge?: () => void;
  /** What stands before the title while the dashboard is edited. */
  grip?: ReactNode;
}

/** A panel: the rows of its query as its chart shows them, and what can be done with them. */
export function Panel(props: PanelProps) {
  const { panel, query, grip } = props;
  return (
    <div role="group" aria-label={panel.title} className="flex h-full min-w-0 flex-col rounded-lg border bg-surface shadow-(--shadow-raised)">
      {query ? (
        <Running {...props} query={query} />
      ) : (
        <>
          <Head title={panel.title} grip={grip}>
            {query === undefined && props.remove && <IconButton icon={Trash2} label={`Remove ${panel.title}`} size="sm" onClick={props.remove} />}
          </Head>
          <div className="min-h-0 flex-1 overflow-auto p-3">{query === undefined ? <Said>Its saved query <code>{panel.query}</code> is gone.</Said> : <Waiting />}</div>
        </>
      )}
    </div>
  );
}

function Running({ panel, query, range, refresh, edit, remove, enlarge, grip }: PanelProps & { query: SavedQuery }) {
  const navigate = useNavigate();
  const writes = useSession().reaches("/sql");
  const rows = useQuery({ ...panelRows(query, range), refetchInterval: refresh > 0 ? refresh * 1000 : false });
  const result = rows.data;
  const follows = useMemo(() => ranged(query), [query]);
  const chart = useMemo(() => panel.chart ?? query.chart ?? (result ? chooseChart(result) : undefined), [panel.chart, query.chart, result]);
  const download = () => {
    exportQuery({ ...panelStatement(query, range), format: "csv", name: query.id }).catch((e: unknown) => toast(problemOf(e).message, "bad"));
  };
  return (
    <>
      <Head title={panel.title} description={query.description} grip={grip}>
        {!follows && (
          <Tooltip text="Its query has no $from and $to: it ignores the dashboard's time range">
            <span tabIndex={0} className="shrink-0 rounded-full border px-1.5 text-2xs text-muted">
              own time range
            </span>
          </Tooltip>
        )}
        {rows.error && result && (
          <Tooltip text={`These rows are old: ${problemOf(rows.error).message}`}>
            <button type="button" aria-label={`The last refresh failed: ${problemOf(rows.error).message}`} className="grid size-6 place-items-center rounded-md text-bad hover:bg-hover" onClick={() => void rows.refetch()}>
              <CircleAlert size={14} aria-hidden />
            </button>
          </Tooltip>
        )}
        {result && <Freshness result={result} at={rows.dataUpdatedAt} />}
        {rows.isFetching && (refresh === 0 || refresh > 5 || rows.isPlaceholderData || !result) && <Spinner className="text-faint" />}
        <Menu
          items={[
            ...(edit ? [{ label: "Edit the panel", icon: ChartPie, run: edit }] : []),
            ...(enlarge ? [{ label: "Full screen", icon: Expand, run: enlarge }] : []),
            writes
              ? { label: "Open as SQL", icon: SquareTerminal, run: () => void navigate({ to: "/sql", search: { saved: query.id } }) }
              : { label: "Open the query", icon: FileCode2, run: () => void navigate({ to: "/queries/$id", params: { id: query.id } }) },
            { label: "Copy as curl", icon: Copy, run: () => void copy(panelCurl(query, range), "Command copied") },
            ...(writes ? [{ label: "Download as CSV", icon: Download, run: download }] : []),
            ...(remove ? (["-", { label: "Remove", icon: Trash2, danger: true, run: remove }] as const) : []),
          ]}
        >
          <IconButton icon={EllipsisVertical} label={`What can be done with ${panel.title}`} size="sm" />
        </Menu>
      </Head>
      <div className="flex min-h-0 flex-1 flex-col px-3 pb-3" aria-busy={rows.isFetching}>
        {result && chart ? (
          result.rows.length === 0 ? (
            <Said>{follows ? "No rows in this time range" : "No rows"}</Said>
          ) : (
            <ResultChart titled result={result} chart={chart} className="min-h-0 flex-1" />
          )
        ) : rows.error ? (
          <div className="overflow-auto">
            {/* What is refused stays refused: nothing is gained by asking again. */}
            <ProblemBox error={rows.error} retry={problemOf(rows.error).status === 403 ? undefined : () => void rows.refetch()} />
          </div>
        ) : (
          <Waiting />
        )}
        {result?.truncated && <p className="pt-1 text-2xs text-faint">There are more rows than a panel shows.</p>}
      </div>
    </>
  );
}

function Head({ title, description, grip, children }: { title: string; description?: string; grip?: ReactNode; children: ReactNode }) {
  return (
    <header className="panel-head flex h-9 shrink-0 items-center gap-1 pr-1.5 pl-3">
      {grip}
      <h2 className={cx("min-w-0 flex-1 truncate text-sm", grip ? "ml-1" : undefined)} title={description || title}>
        {title}
      </h2>
      {children}
    </header>
  );
}

/** The age of the newest event behind the rows, or of the rows where no source is behind them. */
function Freshness({ result, at }: { result: Result; at: number }) {
  const now = useNow();
  const newest = result.freshness.reduce<string | null>((max, f) => (f.newest_arrived_at && (!max || f.newest_arrived_at > max) ? f.newest_arrived_at : max), null);
  if (newest === null) {
    return (
      <Tooltip text="When these rows were read">
        <span className="text-2xs text-faint tabular">{ago(new Date(at), Math.max(now, at))}</span>
      </Tooltip>
    );
  }
  // The age that the rows had when they came, and have now.
  return (
    <span className="text-2xs text-faint">
      <span className="sr-only">Newest event: </span>
      <Time at={newest} />
    </span>
  );
}

function Waiting() {
  return <div role="status" aria-label="Loading the rows" className="min-h-0 flex-1 animate-breathe rounded-md bg-sunken" />;
}

function Said({ children }: { children: ReactNode }) {
  return <p className="grid flex-1 place-items-center text-center text-sm text-faint">{children}</p>;
}
