import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useQueryClient } from "@tanstack/react-query";
import { Activity, ArrowDown, Copy, Ellipsis, Pause, Play, ShieldAlert, SquareTerminal } from "lucide-react";
import { memo, useMemo } from "react";
import { api, data, problemOf, type Schemas } from "@/api/client";
import { stateOf } from "@/data/source-state";
import { copy } from "@/lib/clipboard";
import { curl } from "@/lib/curl";
import { ago, bytes, duration, exactTime, measured, number } from "@/lib/format";
import { useSession } from "@/lib/session";
import { sqlName } from "@/lib/sql";
import { useNow } from "@/lib/time";
import { IconButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Badge } from "@/ui/layout";
import { Menu } from "@/ui/menu";
import { Sparkline } from "@/ui/sparkline";
import { toast } from "@/ui/toast";
import { Tooltip } from "@/ui/tooltip";
import { lagTrend, weightOf, type Concern } from "./attention";
import { historyMinutes, rates, type Histories, type Point } from "./history";
import { orders, type Order } from "./search";

type Source = Schemas["SourceStatus"];

const columns: readonly { order: Order; label: string; hint: string; number?: boolean }[] = [
  { order: "name", label: "Source", hint: "By name" },
  { order: "rate", label: "Events/s", hint: "The busiest first" },
  { order: "freshness", label: "Freshness", hint: "Those whose newest event is oldest first" },
  { order: "lag", label: "Lag", hint: "The farthest behind first", number: true },
  { order: "quarantined", label: "Quarantined, 1 h", hint: "Since mended or not; the most first", number: true },
];

/** Every source with how it is doing. On a narrow screen each is a block instead of a row. */
export function Sources({ sources, histories, concerns }: { sources: readonly Source[]; histories: Histories | undefined; concerns: readonly Concern[] }) {
  const { sort = "attention", find } = useSearch({ from: "/" });
  const navigate = useNavigate({ from: "/" });
  const shown = useMemo(() => ordered(sources, sort, concerns).filter((s) => matches(s, find)), [sources, sort, concerns, find]);
  const order = (next: Order) => void navigate({ search: (old) => ({ ...old, sort: next === sort || next === "attention" ? undefined : next }), replace: true });
  return (
    <>
      <div role="table" aria-label="Sources" aria-rowcount={shown.length + 1}>
        <div role="rowgroup">
          <div role="row" className={cx(grid, "hidden border-b text-xs text-faint lg:grid")}>
            {columns.map((c) => (
              <div key={c.order} role="columnheader" aria-sort={sort === c.order ? (c.order === "name" ? "ascending" : "descending") : "none"} className={cx("flex py-2", c.number && "justify-end")}>
                <Tooltip text={sort === c.order ? "What needs attention first" : c.hint}>
                  <button type="button" onClick={() => order(c.order)} className={cx("inline-flex items-center gap-1 rounded-sm hover:text-ink", sort === c.order && "text-ink")}>
                    {c.label}
                    {sort === c.order && <ArrowDown size={12} aria-hidden className={c.order === "name" ? "rotate-180" : ""} />}
                  </button>
                </Tooltip>
              </div>
            ))}
            <div role="columnheader" className="py-2">
              <span className="sr-only">Actions</span>
            </div>
          </div>
        </div>
        <div role="rowgroup" className="divide-y">
          {shown.map((s) => (
            <Row key={s.settings.name} source={s} points={histories?.bySource[s.settings.name] ?? none} stepSeconds={histories?.stepSeconds ?? 10} />
          ))}
        </div>
      </div>
      {!shown.length && <p className="px-4 py-8 text-center text-sm text-muted">No source is called that.</p>}
    </>
  );
}

const none: readonly Point[] = [];
const grid = "gap-x-4 px-4 lg:grid-cols-[minmax(12rem,1.5fr)_minmax(12rem,1.4fr)_minmax(7rem,1fr)_6rem_8rem_2rem]";

function matches(s: Source, find: string | undefined): boolean {
  if (!find) return true;
  const text = `${s.settings.name} ${s.settings.stream} ${s.settings.table}`.toLowerCase();
  return find.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function ordered(sources: readonly Source[], sort: Order, concerns: readonly Concern[]): Source[] {
  const by: Record<Order, (a: Source, b: Source) => number> = {
    attention: (a, b) => weightOf(a.settings.name, concerns) - weightOf(b.settings.name, concerns) || stateOf(b).rank - stateOf(a).rank,
    name: () => 0,
    rate: (a, b) => b.events_per_second - a.events_per_second,
    freshness: (a, b) => age(b) - age(a),
    lag: (a, b) => (b.lag_ms ?? -1) - (a.lag_ms ?? -1),
    quarantined: (a, b) => b.quarantined_last_hour - a.quarantined_last_hour,
  };
  return [...sources].sort((a, b) => by[orders.includes(sort) ? sort : "attention"](a, b) || (a.settings.name < b.settings.name ? -1 : 1));
}

const age = (s: Source) => (s.newest_arrived_at ? -Date.parse(s.newest_arrived_at) : -Infinity);

function Row({ source: s, points, stepSeconds }: { source: Source; points: readonly Point[]; stepSeconds: number }) {
  const { name, stream, table } = s.settings;
  const { reaches } = useSession();
  const state = stateOf(s);
  const trend = lagTrend(points, s.lag_ms);
  return (
    <div role="row" className={cx(grid, "grid grid-cols-3 items-start gap-y-3 py-3 max-lg:relative lg:items-center")}>
      <div role="cell" className="col-span-3 min-w-0 max-lg:pr-9 lg:col-span-1">
        <div className="flex min-w-0 items-center gap-2">
          <Link to="/sources/$name" params={{ name }} className="min-w-0 truncate font-medium hover:underline">
            {name}
          </Link>
          <Badge tone={state.tone} dot title={s.error}>
            {state.label}
          </Badge>
        </div>
        <div className="truncate text-xs text-faint" title={`${stream} → ${table}`}>
          {stream === table ? stream : `${stream} → ${table}`}
        </div>
      </div>
      <div role="cell" className="col-span-3 grid grid-cols-[5rem_1fr] items-center gap-3 lg:col-span-1">
        <div>
          <Label>Events/s</Label>
          <div className="font-medium tabular">{measured(s.events_per_second)}</div>
          <div className="text-xs text-faint tabular">{bytes(Math.round(s.bytes_per_second))}/s</div>
        </div>
        <Line name={name} points={points} stepSeconds={stepSeconds} />
      </div>
      <Fresh source={s} points={points} />
      <div role="cell" className="lg:text-right">
        <Label>Lag</Label>
        <div className="tabular">{s.lag_ms === null ? <span title={s.state === "paused" ? "Nothing is read while it is paused" : "Not known yet"}>–</span> : duration(s.lag_ms)}</div>
        {trend && <div className={cx("text-xs", trend === "growing" ? "text-warn" : "text-faint")}>{trend === "growing" ? "growing" : "catching up"}</div>}
      </div>
      <div role="cell" className="lg:text-right">
        <Label>Quarantined</Label>
        {s.quarantined_last_hour > 0 ? (
          reaches("/quarantine") ? (
            <Link to="/quarantine" search={{ table }} className="text-warn tabular underline decoration-warn/40 underline-offset-2 hover:decoration-warn">
              {number(s.quarantined_last_hour)}
            </Link>
          ) : (
            <span className="text-warn tabular">{number(s.quarantined_last_hour)}</span>
          )
        ) : (
          <span className="text-faint tabular">0</span>
        )}
      </div>
      <div role="cell" className="max-lg:absolute max-lg:top-2.5 max-lg:right-3">
        <Actions source={s} />
      </div>
    </div>
  );
}

/** A cell's name, where there is no head above it. */
function Label({ children }: { children: string }) {
  return (
    <div className="text-xs text-faint lg:hidden" aria-hidden>
      {children}
    </div>
  );
}

const Line = memo(function Line({ name, points, stepSeconds }: { name: string; points: readonly Point[]; stepSeconds: number }) {
  const values = useMemo(() => rates(points, stepSeconds), [points, stepSeconds]);
  return <Sparkline values={values} height={30} label={`Events a second of ${name}, over the last ${historyMinutes} minutes`} />;
});

/** How old the newest event is that can be queried, and how long events took lately until they could be. */
function Fresh({ source: s, points }: { source: Source; points: readonly Point[] }) {
  const now = useNow();
  const took = points.findLast((p) => p.freshness_ms !== undefined)?.freshness_ms;
  return (
    <div role="cell" className="min-w-0">
      <Label>Freshness</Label>
      {s.newest_arrived_at ? (
        <Tooltip text={`The newest event arrived ${exactTime(s.newest_arrived_at)}`}>
          <time dateTime={s.newest_arrived_at} tabIndex={0} className="tabular">
            {/* Clocks differ a little: what is queryable is never from the future. */}
            {ago(s.newest_arrived_at, Math.max(now, Date.parse(s.newest_arrived_at)))}
          </time>
        </Tooltip>
      ) : (
        <span className="text-muted">none since the start</span>
      )}
      {took !== undefined && <div className="text-xs text-faint tabular">{duration(took)} to be queryable</div>}
    </div>
  );
}

function Actions({ source: s }: { source: Source }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const { can, reaches } = useSession();
  const { name, table, paused } = s.settings;
  const steer = async () => {
    try {
      const path = { params: { path: { name } } };
      await data(paused ? api.POST("/api/v1/sources/{name}/resume", path) : api.POST("/api/v1/sources/{name}/pause", path));
      toast(paused ? `${name} is read again` : `${name} is paused`);
    } catch (error) {
      toast(problemOf(error).message, "bad");
    }
    await client.invalidateQueries({ queryKey: ["sources"] });
  };
  return (
    <Menu
      items={[
        reaches("/sql") && { label: "Open as SQL", icon: SquareTerminal, run: () => void navigate({ to: "/sql", search: { sql: `SELECT * FROM ${sqlName(table)} ORDER BY _arrived_at DESC LIMIT 100` } }) },
        reaches("/tail") && { label: "Live tail", icon: Activity, run: () => void navigate({ to: "/tail", search: { source: name } }) },
        reaches("/quarantine") && { label: "Quarantine", icon: ShieldAlert, run: () => void navigate({ to: "/quarantine", search: { table } }) },
        { label: "Copy as curl", icon: Copy, run: () => void copy(curl(`/api/v1/sources/${encodeURIComponent(name)}`)) },
        can("POST /api/v1/sources/{name}/pause") && "-",
        can("POST /api/v1/sources/{name}/pause") && (paused ? { label: "Resume", icon: Play, run: () => void steer() } : { label: "Pause", icon: Pause, run: () => void steer() }),
      ]}
    >
      <IconButton icon={Ellipsis} label={`Actions for ${name}`} size="sm" />
    </Menu>
  );
}
