// The first look at a table that was just made: its events come in, and what to do with them.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Activity, ChartLine, CircleCheck, Copy, LayoutDashboard, Plug, ShieldAlert, SquareTerminal, type LucideIcon } from "lucide-react";
import { Link, type LinkProps } from "@tanstack/react-router";
import { useEffect, useMemo, type ReactNode } from "react";
import { api, data, Problem, problemOf, type Schemas } from "@/api/client";
import { sourceQuery } from "@/api/queries";
import { ResultGrid } from "@/data/grid";
import { runQuery } from "@/data/result";
import { copy } from "@/lib/clipboard";
import { curl, quoted } from "@/lib/curl";
import { measured, number, plural } from "@/lib/format";
import { sqlName } from "@/lib/sql";
import { IconButton, LinkButton, Spinner } from "@/ui/button";
import { CodeBlock } from "@/ui/code";
import { Card, Page, Skeleton, Stat, Time, useTitle } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";

export default function Landed({ name }: { name: string }) {
  const source = useQuery(sourceQuery(name));
  useTitle(`${name} is connected`);
  useEffect(() => document.getElementById("main")?.focus(), []); // the button that was pressed is gone
  if (source.error && !source.data) {
    return (
      <Page title={name}>
        <ProblemBox error={source.error} retry={() => void source.refetch()} />
        <p className="mt-4">
          <LinkButton icon={Plug} to="/connect">
            Connect a stream
          </LinkButton>
        </p>
      </Page>
    );
  }
  return (
    <Page
      title={source.data ? source.data.settings.table : name}
      subtitle={source.data && `The stream ${source.data.settings.stream} is connected`}
      actions={
        <>
          <LinkButton icon={Plug} to="/connect">
            Connect another
          </LinkButton>
          <LinkButton to="/sources/$name" params={{ name }}>
            See the source
          </LinkButton>
        </>
      }
    >
      {source.data ? <FirstLook source={source.data} /> : <Skeleton lines={6} />}
    </Page>
  );
}

function FirstLook({ source: s }: { source: Schemas["SourceStatus"] }) {
  const { table } = s.settings;
  const info = useQuery({
    queryKey: ["tables", table],
    queryFn: () => data(api.GET("/api/v1/tables/{table}", { params: { path: { table } } })),
    refetchInterval: 1000,
  });
  const rows = info.data?.rows ?? 0;
  const open = s.shards.filter((shard) => shard.condition !== "finished").length;
  return (
    <div className="space-y-5">
      {s.error && <ProblemBox error={new Problem(502, { detail: s.error, hint: "Helios keeps trying" })} title={s.state === "failing" ? "The stream cannot be read" : "A part of the stream cannot be read"} />}
      <Progress rows={rows} quarantined={info.data?.quarantined ?? 0} state={s.state} shards={open} table={table} />
      {rows > 0 && info.data ? (
        <>
          <section aria-label="The table so far" className="grid grid-cols-2 gap-4 sm:grid-cols-4">
            <Stat label="Events in the table" value={number(rows)} detail={plural(info.data.columns.length - systemColumns, "column")} />
            <Stat label="Events a second" value={measured(s.events_per_second)} detail={`${plural(open, "shard")} read`} />
            <Stat label="Newest event" value={<Time at={s.newest_arrived_at} />} detail={s.lag_ms === null || s.lag_ms < 1000 ? "at the tip of the stream" : "catching up"} />
            <Stat label="In quarantine" value={number(info.data.quarantined)} detail={info.data.quarantined ? "kept whole" : "every event fits"} tone={info.data.quarantined ? "warn" : undefined} />
          </section>
          <FirstRows table={info.data} />
          <NextSteps table={table} source={s.settings.name} time={s.settings.event_time ?? "_arrived_at"} />
        </>
      ) : (
        info.error && !info.data && <ProblemBox error={info.error} retry={() => void info.refetch()} />
      )}
      {rows === 0 && s.state !== "failing" && <Waiting source={s} />}
    </div>
  );
}

const systemColumns = 5;

/** The way from a connection to rows, as far as it has come. */
function Progress({ rows, quarantined, state, shards, table }: { rows: number; quarantined: number; state: string; shards: number; table: string }) {
  const reading = state === "reading" || rows > 0;
  const steps: { done: boolean; text: ReactNode }[] = [
    { done: true, text: "Table made" },
    { done: reading, text: reading ? `${plural(shards, "shard")} read` : state === "failing" ? "The stream cannot be read" : "Opening the shards" },
    { done: rows > 0, text: rows > 0 ? "Events are in" : "Waiting for the first events" },
  ];
  return (
    <ol aria-label="Progress" aria-live="polite" className="flex flex-wrap items-center gap-x-6 gap-y-2 text-sm">
      {steps.map((step, i) => (
        <li key={i} className={step.done ? "flex items-center gap-1.5" : "flex items-center gap-1.5 text-muted"}>
          {step.done ? <CircleCheck size={15} className="text-good" aria-label="done" /> : <Spinner />}
          {step.text}
        </li>
      ))}
      {quarantined > 0 && (
        <li>
          <Link to="/quarantine" search={{ table }} className="flex items-center gap-1.5 text-warn hover:underline">
            <ShieldAlert size={15} aria-hidden /> {plural(quarantined, "event")} in quarantine: see why
          </Link>
        </li>
      )}
    </ol>
  );
}

function FirstRows({ table: t }: { table: Schemas["TableInfo"] }) {
  const sql = useMemo(() => {
    const own = t.columns.filter((c) => c.path?.length).slice(0, 12);
    return `SELECT ${["_arrived_at", ...own.map((c) => sqlName(c.name))].join(", ")}\nFROM ${sqlName(t.name)}\nORDER BY _arrived_at DESC\nLIMIT 10`;
  }, [t.columns, t.name]);
  const result = useQuery({
    queryKey: ["first-rows", sql],
    queryFn: ({ signal }) => runQuery({ sql, signal }),
    refetchInterval: 3000,
    placeholderData: keepPreviousData,
  });
  return (
    <Card
      flush
      title="The newest events"
      actions={
        <>
          <IconButton icon={Copy} label="Copy as curl" size="sm" onClick={() => void copy(curl("/api/v1/query", { body: { sql } }))} />
          <LinkButton size="sm" kind="quiet" icon={SquareTerminal} to="/sql" search={{ sql }}>
            Open as SQL
          </LinkButton>
        </>
      }
    >
      <div className="flex h-80 flex-col">
        {result.data ? (
          <ResultGrid result={result.data} compact />
        ) : result.error ? (
          <div className="p-4">
            <ProblemBox error={problemOf(result.error)} retry={() => void result.refetch()} />
          </div>
        ) : (
          <Skeleton lines={6} className="p-4" />
        )}
      </div>
    </Card>
  );
}

function NextSteps({ table, source, time }: { table: string; source: string; time: string }) {
  const perMinute = (where = "") => `SELECT date_trunc('minute', ${sqlName(time)}) AS minute, count(*) AS events\nFROM ${sqlName(table)}\n${where}GROUP BY 1\nORDER BY 1`;
  const ranged = perMinute(`WHERE ${sqlName(time)} >= $from AND ${sqlName(time)} < $to\n`);
  return (
    <nav aria-label="Next steps" className="grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
      <Next icon={SquareTerminal} title="Query it" text="Ask it anything in SQL." to="/sql" search={{ sql: `SELECT * FROM ${sqlName(table)} ORDER BY _arrived_at DESC LIMIT 100` }} />
      <Next icon={Activity} title="Tail it" text="Watch events as they come." to="/tail" search={{ source }} />
      <Next icon={ChartLine} title="Chart it" text="Events by the minute." to="/sql" search={{ sql: perMinute(), view: "chart" }} />
      <Next icon={LayoutDashboard} title="Put it on a dashboard" text="Save this chart as a query: dashboards add it as a panel." to="/sql" search={{ sql: ranged, view: "both", chart: { kind: "line", x: "minute", y: ["events"] } }} />
    </nav>
  );
}

function Next({ icon: Icon, title, text, ...to }: { icon: LucideIcon; title: string; text: string } & LinkProps) {
  return (
    <Link {...to} className="flex items-start gap-3 rounded-lg border bg-surface px-4 py-3 shadow-(--shadow-raised) hover:bg-hover">
      <Icon size={18} className="mt-0.5 shrink-0 text-accent" aria-hidden />
      <span>
        <span className="block text-sm font-medium">{title}</span>
        <span className="block text-xs text-muted">{text}</span>
      </span>
    </Link>
  );
}

/** No event yet: what one could do meanwhile. */
function Waiting({ source: { settings: s } }: { source: Schemas["SourceStatus"] }) {
  return (
    <div className="max-w-3xl space-y-2 text-sm text-muted">
      <p>{s.from.kind === "latest" ? "Reading began with what comes from now on." : "The stream has held no event so far."} As soon as one comes, it is here. To send one yourself:</p>
      <CodeBlock text={putCommand(s)} label="Copy the command" wrap />
    </div>
  );
}

function putCommand({ stream, connection: c }: Schemas["Settings"]): string {
  const flags = [c.endpoint && `--endpoint-url ${c.endpoint}`, c.region && `--region ${c.region}`, c.profile && `--profile ${quoted(c.profile)}`].filter(Boolean);
  return `aws kinesis put-record ${flags.join(" ")} --stream-name ${stream} --partition-key 1 \\\n  --cli-binary-format raw-in-base64-out --data '{"hello": "world"}'`;
}
