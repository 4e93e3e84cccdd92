import { AreaChart, ChartColumn, ChartLine, ChartPie, ChartScatter, Hash, Table2, type LucideIcon } from "lucide-react";
import { Checkbox, Field, Segmented, Select } from "@/ui/form";
import type { Result } from "../result";
import { kindOf } from "../types";
import { changeKind, chartKinds, usable, type Chart, type ChartKind } from "./choose";

const kinds: Record<ChartKind, { label: string; icon: LucideIcon }> = {
  table: { label: "Table", icon: Table2 },
  line: { label: "Line", icon: ChartLine },
  bar: { label: "Bar", icon: ChartColumn },
  area: { label: "Area", icon: AreaChart },
  scatter: { label: "Scatter", icon: ChartScatter },
  pie: { label: "Pie", icon: ChartPie },
  number: { label: "Number", icon: Hash },
};

/** The controls of a chart: its kind, and which columns it draws. */
export function ChartOptions({ result, chart, onChange }: { result: Result; chart: Chart; onChange: (chart: Chart) => void }) {
  const numbers = [...new Set(result.columns.filter((c) => c.name && kindOf(c.type) === "number").map((c) => c.name))];
  const all = [...new Set(result.columns.map((c) => c.name).filter(Boolean))];
  const drawn = chart.kind !== "table" && chart.kind !== "number";
  const single = chart.kind === "pie";
  const toggle = (name: string, on: boolean) => onChange({ ...chart, y: on ? numbers.filter((n) => n === name || chart.y.includes(n)) : chart.y.filter((n) => n !== name) });
  return (
    <div className="space-y-3">
      <div className="max-w-full overflow-x-auto">
        <p className="mb-1 text-sm font-medium">Chart: {kinds[chart.kind].label.toLowerCase()}</p>
        <Segmented
          small
          label="Kind of chart"
          value={chart.kind}
          onChange={(kind) => onChange(changeKind(chart, kind, result))}
          options={chartKinds.filter((k) => k === chart.kind || usable(k, result)).map((k) => ({ value: k, title: kinds[k].label, label: <KindLabel kind={k} /> }))}
        />
      </div>
      {drawn && (
        <Field label={single ? "Slices" : "Horizontal"}>
          {(control) => (
            <Select {...control} small className="w-full" value={chart.x ?? ""} onChange={(e) => onChange({ ...chart, x: e.target.value })}>
              {all.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          )}
        </Field>
      )}
      {chart.kind !== "table" && (
        <fieldset className="space-y-1">
          <legend className="mb-1 text-sm font-medium">{single ? "Size" : chart.kind === "number" ? "Numbers" : "Vertical"}</legend>
          {single ? (
            <Select small aria-label="Size" className="w-full" value={chart.y[0] ?? ""} onChange={(e) => onChange({ ...chart, y: [e.target.value] })}>
              {numbers.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          ) : (
            numbers.map((name) => (
              <div key={name}>
                <Checkbox label={name} checked={chart.y.includes(name)} disabled={chart.y.length === 1 && chart.y[0] === name} onChange={(e) => toggle(name, e.target.checked)} />
              </div>
            ))
          )}
        </fieldset>
      )}
      {drawn && !single && (
        <Field label="A series for each">
          {(control) => (
            <Select {...control} small className="w-full" value={chart.series ?? ""} onChange={(e) => onChange({ ...chart, series: e.target.value || undefined })}>
              <option value="">– none –</option>
              {all
                .filter((name) => name !== chart.x && !chart.y.includes(name))
                .map((name) => (
                  <option key={name}>{name}</option>
                ))}
            </Select>
          )}
        </Field>
      )}
      {(chart.kind === "bar" || chart.kind === "area") && <Checkbox label="Stacked" checked={!!chart.stacked} onChange={(e) => onChange({ ...chart, stacked: e.target.checked || undefined })} />}
    </div>
  );
}

function KindLabel({ kind }: { kind: ChartKind }) {
  const { icon: Icon, label } = kinds[kind];
  return (
    <>
      <Icon size={14} aria-hidden />
      <span className="sr-only">{label}</span>
    </>
  );
}
