// The lower part: what came of the query, as rows, as a chart, as both, or how it is run.
import { ChartNoAxesCombined, Columns2, Download, ListTree, MapPin, Settings2, Table2 } from "lucide-react";
import { Popover as P } from "radix-ui";
import { Suspense, useMemo, useState } from "react";
import { lazy } from "@/lib/lazy";
import { toast } from "@/ui/toast";
import { chooseChart, ChartOptions, ResultChart, usable } from "@/data/chart";
import { ResultGrid } from "@/data/grid";
import { exportFormats, exportQuery, type ExportFormat, type Result } from "@/data/result";
import { problemOf } from "@/api/client";
import { Button } from "@/ui/button";
import { Segmented, Select } from "@/ui/form";
import { Empty } from "@/ui/layout";
import { Menu } from "@/ui/menu";
import { ProblemBox } from "@/ui/problem";
import { cx } from "@/ui/cx";
import type { Tab, View } from "../tabs";
import { tabs } from "../tabs-store";
import { explain, show, type Failure, type Outcome, type Work } from "../work";
import { Status } from "./status";

const PlanView = lazy(() => import("./plan"));

const shown: readonly { value: View | "plan"; label: string; icon: typeof Table2 }[] = [
  { value: "grid", label: "Table", icon: Table2 },
  { value: "chart", label: "Chart", icon: ChartNoAxesCombined },
  { value: "both", label: "Both", icon: Columns2 },
  { value: "plan", label: "Plan", icon: ListTree },
];

interface Props {
  tab: Tab;
  title: string;
  work: Work;
  /** Goes to the error in the editor. */
  onReveal: () => void;
}

export default function ResultPane({ tab, title, work, onReveal }: Props) {
  const outcome = work.outcomes[work.shown];
  const waiting = work.running && !work.running.auto;
  const choose = (view: View | "plan") => {
    if (view !== "plan") {
      explain(tab.id, undefined);
      tabs.change(tab.id, { view });
    } else if (outcome && !work.plan) explain(tab.id, { sql: outcome.sql, params: outcome.params, analyze: false });
  };
  return (
    <section aria-label="Result" className="relative flex min-h-0 flex-1 flex-col bg-surface">
      {waiting && <div aria-hidden className="absolute inset-x-0 top-0 z-10 h-0.5 animate-breathe bg-accent" />}
      <div className={work.failure && !outcome && !work.plan && !waiting ? "sr-only" : "flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 border-b px-3 py-1"}>
        {(outcome || work.plan) && (
          <Segmented
            small
            label="Show as"
            value={work.plan ? "plan" : tab.view}
            onChange={choose}
            options={shown.filter((s) => outcome || s.value === "plan").map((s) => ({ value: s.value, title: s.label, label: <ViewLabel icon={s.icon} text={s.label} /> }))}
          />
        )}
        {work.outcomes.length > 1 && <Results work={work} tab={tab.id} />}
        <div className="flex-1 max-sm:order-last max-sm:basis-full">
          <Status work={work} outcome={work.plan ? undefined : outcome} />
        </div>
        <span className="flex-1 sm:hidden" />
        {outcome && <ExportMenu outcome={outcome} name={title} />}
      </div>
      {work.failure && !work.plan && <FailureBox failure={work.failure} stale={outcome !== undefined} onReveal={onReveal} />}
      {work.plan ? (
        <Suspense fallback={<Calm label="Loading the plan" />}>
          <PlanView order={work.plan} onChange={(plan) => explain(tab.id, plan)} />
        </Suspense>
      ) : outcome ? (
        <div className={cx("flex min-h-0 flex-1 flex-col transition-opacity", waiting && "opacity-60")} aria-busy={waiting || undefined}>
          <Shown tab={tab} result={outcome.result} />
        </div>
      ) : waiting ? (
        <Calm label="Waiting for the first rows" />
      ) : work.dropped ? (
        <p className="p-6 text-sm text-muted">These rows were let go, so that the browser has memory for newer ones. Run the query again to see them.</p>
      ) : null}
    </section>
  );
}

function ViewLabel({ icon: Icon, text }: { icon: typeof Table2; text: string }) {
  return (
    <>
      <Icon size={13} aria-hidden />
      <span className="max-sm:sr-only">{text}</span>
    </>
  );
}

/** Which of several statements' results is looked at. */
function Results({ work, tab }: { work: Work; tab: string }) {
  return (
    <Select small aria-label="Result of statement" className="max-w-48" value={work.shown} onChange={(e) => show(tab, Number(e.target.value))}>
      {work.outcomes.map((o, i) => (
        <option key={i} value={i}>
          {i + 1}: {o.sql.replace(/\s+/g, " ").slice(0, 40)}
        </option>
      ))}
    </Select>
  );
}

function FailureBox({ failure, stale, onReveal }: { failure: Failure; stale: boolean; onReveal: () => void }) {
  const { line, column } = failure.problem.body;
  // The place in the whole text: the statement may not begin it.
  const before = failure.text.slice(0, failure.statement.from);
  const first = before.split("\n").length;
  const where = line ? `Line ${first - 1 + line}, column ${(line === 1 ? before.length - before.lastIndexOf("\n") - 1 : 0) + (column ?? 1)}` : undefined;
  return (
    <div className="max-h-[60%] shrink-0 space-y-2 overflow-auto border-b p-3">
      <ProblemBox error={failure.problem} />
      <div className="flex flex-wrap items-center gap-3 text-xs text-muted">
        {where && (
          <Button size="sm" icon={MapPin} onClick={onReveal}>
            {where}
          </Button>
        )}
        {stale && <span>Below is what came before.</span>}
      </div>
    </div>
  );
}

function Shown({ tab, result }: { tab: Tab; result: Result }) {
  if (tab.view === "chart") return <ChartPart tab={tab} result={result} />;
  const rows = (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col p-2">
      <ResultGrid result={result} look={tab.rows} onLook={(rows) => tabs.change(tab.id, { rows })} />
    </div>
  );
  if (tab.view === "grid") return rows;
  return (
    <div className="flex min-h-0 flex-1 max-lg:flex-col">
      {rows}
      <div className="flex min-h-0 min-w-0 flex-1 flex-col border-l max-lg:border-t max-lg:border-l-0">
        <ChartPart tab={tab} result={result} />
      </div>
    </div>
  );
}

/** The chart, as the person set it or else as the result suggests, and its settings beside it. */
function ChartPart({ tab, result }: { tab: Tab; result: Result }) {
  const [open, setOpen] = useState(false);
  const chosen = useMemo(() => chooseChart(result), [result]);
  const chart = tab.chart ?? chosen;
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col px-3 pb-2">
      <div className="flex h-8 shrink-0 items-center justify-end">
        <P.Root open={open} onOpenChange={setOpen}>
          <P.Trigger asChild>
            <Button size="sm" kind="quiet" icon={Settings2} aria-pressed={open}>
              Adjust
            </Button>
          </P.Trigger>
          <P.Portal>
            <P.Content side="left" align="start" sideOffset={8} collisionPadding={8} aria-label="The chart's settings" className="z-30 max-h-(--radix-popover-content-available-height) w-72 max-w-[calc(100vw-1rem)] animate-rise space-y-3 overflow-auto rounded-lg border bg-surface p-3 shadow-(--shadow-floating)">
              <ChartOptions result={result} chart={chart} onChange={(next) => tabs.change(tab.id, { chart: next })} />
              {tab.chart && (
                <Button size="sm" onClick={() => tabs.change(tab.id, { chart: undefined })}>
                  Choose by itself
                </Button>
              )}
            </P.Content>
          </P.Portal>
        </P.Root>
      </div>
      {chart.kind === "table" && !tab.chart ? <Unchosen result={result} choose={() => setOpen(true)} /> : <ResultChart result={result} chart={chart} className="min-h-0 flex-1" />}
    </div>
  );
}

/** What is said where no chart suggests itself. */
function Unchosen({ result, choose }: { result: Result; choose: () => void }) {
  const drawable = result.rows.length > 0 && usable("bar", result);
  return (
    <Empty icon={ChartNoAxesCombined} title="No chart suggests itself" actions={drawable && <Button onClick={choose}>Choose a chart</Button>}>
      {result.rows.length === 0 ? "The result has no rows." : drawable ? "These rows are read best as a table. Say what to draw, and it is drawn." : "A chart draws a column of numbers along another column. This result does not have both."}
    </Empty>
  );
}

/** All rows of the statement as a file. They are asked for anew, with the same parameters: there may be more than are shown. */
function ExportMenu({ outcome, name }: { outcome: Outcome; name: string }) {
  const [busy, setBusy] = useState<AbortController | null>(null);
  const run = async (format: ExportFormat) => {
    const abort = new AbortController();
    setBusy(abort);
    try {
      await exportQuery({ sql: outcome.sql, params: outcome.params, format, name: fileName(name), signal: abort.signal });
    } catch (error) {
      if (!abort.signal.aborted) toast(`The export failed: ${problemOf(error).message}`, "bad");
    } finally {
      setBusy(null);
    }
  };
  if (busy) {
    return (
      <Button size="sm" onClick={() => busy.abort()}>
        Cancel the export
      </Button>
    );
  }
  return (
    <Menu items={[{ heading: "All rows, as a file" }, ...(Object.keys(exportFormats) as ExportFormat[]).map((f) => ({ label: exportFormats[f].label, run: () => void run(f) }))]}>
      <Button size="sm" kind="quiet" icon={Download}>
        Export
      </Button>
    </Menu>
  );
}

function fileName(title: string): string {
  return title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "") || "result";
}

function Calm({ label }: { label: string }) {
  return <div role="status" aria-label={label} className="m-3 min-h-24 flex-1 animate-breathe rounded-md bg-sunken" />;
}
