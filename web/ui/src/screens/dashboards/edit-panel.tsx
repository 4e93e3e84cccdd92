import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ChartOptions, chooseChart, ResultChart } from "@/data/chart";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input } from "@/ui/form";
import { Skeleton } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import type { Panel, SavedQuery } from "./queries";
import type { Range } from "./range";
import { panelRows } from "./rows";

/** A panel's title and chart, with a look at what comes of them. */
export function EditPanel({ panel, query, range, close, done }: { panel: Panel; query: SavedQuery; range: Range; close: () => void; done: (panel: Panel) => void }) {
  const rows = useQuery(panelRows(query, range));
  const [title, setTitle] = useState(panel.title);
  const [own, setOwn] = useState(panel.chart);
  const result = rows.data;
  const chart = own ?? query.chart ?? (result ? chooseChart(result) : undefined);
  return (
    <Dialog
      open
      wide
      onClose={close}
      title="Edit the panel"
      description={`It shows the saved query “${query.name}”.`}
      actions={
        <>
          {own && (
            <Button kind="quiet" onClick={() => setOwn(undefined)}>
              {query.chart ? "The query's own chart" : "Choose the chart by itself"}
            </Button>
          )}
          <Button onClick={close}>Cancel</Button>
          <Button
            kind="primary"
            disabled={!title.trim()}
            onClick={() => {
              done({ ...panel, title: title.trim(), chart: own });
              close();
            }}
          >
            Done
          </Button>
        </>
      }
    >
      <Field label="Title" className="mb-4">
        {(control) => <Input {...control} className="w-full" maxLength={120} value={title} onChange={(e) => setTitle(e.target.value)} />}
      </Field>
      {result && chart ? (
        <div className="grid gap-4 sm:grid-cols-[1fr_14rem]">
          <div className="flex h-72 min-w-0 flex-col rounded-md border p-3">{result.rows.length ? <ResultChart result={result} chart={chart} className="min-h-0 flex-1" /> : <p className="m-auto text-sm text-faint">No rows in this time range</p>}</div>
          <ChartOptions result={result} chart={chart} onChange={setOwn} />
        </div>
      ) : rows.error ? (
        <ProblemBox error={rows.error} retry={() => void rows.refetch()} />
      ) : (
        <Skeleton lines={6} />
      )}
    </Dialog>
  );
}
