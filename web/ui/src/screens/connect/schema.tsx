// The schema as it was inferred, to be made one's own, with what it would do to the sample.
import { Plus, RotateCcw, X } from "lucide-react";
import { memo, useCallback, useId, useMemo, useState, type ReactNode } from "react";
import { number, percent, plural } from "@/lib/format";
import { Button, IconButton, Spinner } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Input, Segmented, Select } from "@/ui/form";
import { ProblemBox } from "@/ui/problem";
import { editField, keyOf, noEdits, types, type ByHand, type Edits, type Field, type FieldEdit, type Format, type Line, type NewColumn, type ObjectMode, type Plan, type Type } from "./edits";

export interface Outlook {
  share: number | undefined;
  fields: readonly Field[];
  pending: boolean;
  error: unknown;
}

type Change = (make: (old: Edits) => Edits) => void;

export function SchemaEditor({ plan, change, outlook, events }: { plan: Plan; change: Change; outlook: Outlook; events: number }) {
  const [find, setFind] = useState("");
  const predicted = useMemo(() => new Map(outlook.fields.map((f) => [keyOf(f.path), f])), [outlook.fields]);
  const words = find.toLowerCase().split(/\s+/);
  const [only, setOnly] = useState(false);
  const rejects = (l: Line) => !!l.wrong || (predicted.get(keyOf(l.path))?.quarantine_share ?? 0) > 0;
  const rejecting = plan.lines.filter(rejects).length;
  const shown = plan.lines.filter((l) => (!only || !rejecting || rejects(l)) && words.every((w) => `${l.path.join(".")} ${l.column?.name ?? ""}`.toLowerCase().includes(w)));
  return (
    <div className="space-y-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <Total outlook={outlook} valid={plan.valid} columns={plan.columns.length} events={events} />
        <span className="flex-1" />
        {rejecting > 0 && rejecting < plan.lines.length && (
          <Button size="sm" kind="quiet" aria-pressed={only} onClick={() => setOnly(!only)}>
            Only what does not fit ({number(rejecting)})
          </Button>
        )}
        {plan.lines.length > 12 && <Input small type="search" aria-label="Find a field" placeholder="Find a field" className="w-40" value={find} onChange={(e) => setFind(e.target.value)} />}
        {plan.edited && (
          <Button size="sm" kind="quiet" icon={RotateCcw} onClick={() => change(() => noEdits)}>
            As it was inferred
          </Button>
        )}
      </div>
      {outlook.error !== null && <ProblemBox error={outlook.error} />}
      {plan.lines.length > 0 && (
        <div className="overflow-hidden rounded-lg border bg-surface shadow-(--shadow-raised)">
          <div role="table" aria-label="Fields and their columns">
            <div role="rowgroup">
              <div role="row" className={cx(grid, "hidden border-b bg-sunken py-2 text-xs text-faint lg:grid")}>
                <span role="columnheader">
                  <span className="sr-only">Kept</span>
                </span>
                <span role="columnheader">Field</span>
                <span role="columnheader">Column</span>
                <span role="columnheader">Type</span>
                <span role="columnheader">Seen, and examples</span>
                <span role="columnheader" className="text-right">
                  To quarantine
                </span>
              </div>
            </div>
            <div role="rowgroup" className="max-h-[34rem] divide-y overflow-y-auto">
              {shown.map((line) =>
                line.kind === "object" ? (
                  <ObjectRow key={`${line.key}:object`} line={line} change={change} predicted={predicted.get(line.key)} />
                ) : (
                  <FieldRow key={line.key} path={line.path} mixed={line.key !== keyOf(line.path)} skipped={line.skipped} column={line.column} field={line.field} wrong={line.wrong} change={change} predicted={predicted.get(keyOf(line.path))} />
                ),
              )}
            </div>
          </div>
          {!shown.length && <p className="px-4 py-6 text-center text-sm text-muted">No field is called that.</p>}
        </div>
      )}
      <AddedByHand plan={plan} change={change} />
    </div>
  );
}

const grid = "gap-x-3 px-3 grid-cols-[1rem_minmax(0,1fr)_auto] lg:grid-cols-[1rem_minmax(8rem,1.1fr)_minmax(8rem,1fr)_12.5rem_minmax(0,1.4fr)_5.5rem]";

/** What the table as it stands would do to the sample. */
function Total({ outlook, valid, columns, events }: { outlook: Outlook; valid: boolean; columns: number; events: number }) {
  const share = outlook.share;
  return (
    <p className="text-sm" aria-live="polite">
      {valid ? (
        share === undefined ? (
          <span className="text-muted">{plural(columns, "column")}</span>
        ) : share === 0 ? (
          <>
            <strong className="font-semibold text-good">Every event fits.</strong>{" "}
            <span className="text-muted">
              {plural(columns, "column")}, tried on {plural(events, "event")}.
            </span>
          </>
        ) : (
          <>
            <strong className={cx("font-semibold", share >= 0.01 ? "text-bad" : "text-warn")}>{percent(share)} would go to quarantine.</strong>{" "}
            <span className="text-muted">
              {plural(columns, "column")}, tried on {plural(events, "event")}.
            </span>
          </>
        )
      ) : (
        <strong className="font-semibold text-bad">A name is wrong: see below.</strong>
      )}
      <Spinner className={cx("ml-2 inline text-faint", !outlook.pending && "invisible")} />
    </p>
  );
}

interface FieldRowProps {
  path: readonly string[];
  mixed: boolean;
  skipped: boolean;
  column: NewColumn | undefined;
  field: Field | undefined;
  wrong: string | undefined;
  change: Change;
  predicted: Field | undefined;
}

const FieldRow = memo(function FieldRow({ path, mixed, skipped, column, field, wrong, change, predicted }: FieldRowProps) {
  const key = keyOf(path);
  const name = path.join(".");
  const set = useCallback((edit: Parameters<typeof editField>[2]) => change((old) => editField(old, key, edit)), [change, key]);
  const told = predicted ?? field;
  const quarantined = skipped ? 0 : (told?.quarantine_share ?? 0);
  return (
    <div role="row" className={cx(grid, "grid items-center gap-y-2 py-2", skipped && "bg-sunken")}>
      <span role="cell" className="flex">
        <input type="checkbox" className="size-3.5 accent-(--accent)" aria-label={mixed ? `Keep ${name} where it is no object` : `Keep ${name}`} checked={!skipped} disabled={mixed} title={mixed ? "Its values that are no objects: kept or skipped with the object" : undefined} onChange={(e) => set({ skip: !e.target.checked })} />
      </span>
      <span role="cell" className="min-w-0">
        <FieldName path={path} skipped={skipped} />
        {mixed && <span className="block text-xs text-faint">where it is no object</span>}
        <Share share={told?.share} />
      </span>
      <span role="cell" className="lg:hidden">
        <QuarantineShare share={quarantined} />
      </span>
      <span role="cell" className="max-lg:col-span-2 max-lg:col-start-2">
        <ColumnName label={`Column of ${name}`} value={skipped ? "" : (column?.name ?? "")} disabled={skipped || !column} wrong={wrong} inferred={field?.column ?? ""} set={(text) => set({ name: text })} />
      </span>
      <span role="cell" className="max-lg:col-span-2 max-lg:col-start-2">
        <TypeSelect label={`Type of ${name}`} column={column} disabled={skipped} none={!field?.type} set={(type, format) => set(typeEdit(field, column, type, format))} />
      </span>
      <span role="cell" className="min-w-0 text-xs max-lg:col-span-2 max-lg:col-start-2">
        <Seen field={told} />
      </span>
      <span role="cell" className="hidden text-right lg:block">
        <QuarantineShare share={quarantined} />
      </span>
    </div>
  );
}, sameRow);

/** What the choice of a type means. To choose text where numbers came is to want them all: they are kept as they are written. */
function typeEdit(field: Field | undefined, from: NewColumn | undefined, type: Type | undefined, format: Format): FieldEdit {
  const numbers = field?.seen?.some((s) => ["BIGINT", "HUGEINT", "DOUBLE", "BOOLEAN"].includes(s.type));
  if (type === "VARCHAR" && from?.type !== "VARCHAR" && numbers) return { type, format: "scalar" };
  return type === (field?.type || undefined) && !format ? { type: undefined, format: undefined } : { type, format: format || undefined };
}

/** Lines are made anew with every edit; what they say mostly stays. */
function sameRow(a: FieldRowProps, b: FieldRowProps): boolean {
  return a.path === b.path && a.mixed === b.mixed && a.skipped === b.skipped && a.field === b.field && a.wrong === b.wrong && a.change === b.change && a.predicted === b.predicted && a.column?.name === b.column?.name && a.column?.type === b.column?.type && a.column?.format === b.column?.format;
}

function ObjectRow({ line, change, predicted }: { line: Line; change: Change; predicted: Field | undefined }) {
  const name = line.path.join(".");
  const set = (mode: ObjectMode) =>
    change((old) => {
      const { [line.key]: _, ...others } = old.objects;
      return { ...old, objects: mode === "flatten" ? others : { ...others, [line.key]: mode } };
    });
  const skipped = line.mode === "skip";
  return (
    <div role="row" className={cx(grid, "grid items-center gap-y-2 bg-sunken py-2")}>
      <span role="cell" className="flex">
        <input type="checkbox" className="size-3.5 accent-(--accent)" aria-label={`Keep the object ${name}`} checked={!skipped} onChange={(e) => set(e.target.checked ? "flatten" : "skip")} />
      </span>
      <span role="cell" className="min-w-0">
        <FieldName path={line.path} skipped={skipped} />
        <span className="block text-xs text-faint">object</span>
      </span>
      <span role="cell" className="max-lg:hidden">
        {line.column && <ColumnName label={`Column of ${name}`} value={line.column.name} disabled={false} wrong={line.wrong} inferred="" set={(text) => change((old) => editField(old, line.key, { name: text }))} />}
      </span>
      <span role="cell" className="max-lg:col-span-2 max-lg:col-start-2 lg:col-span-2">
        {skipped ? (
          <span className="text-xs text-muted">skipped with all that is in it</span>
        ) : (
          <Segmented
            small
            label={`What becomes of ${name}`}
            value={line.mode === "json" ? "json" : "flatten"}
            onChange={set}
            options={[
              { value: "flatten", label: "Flatten", title: "Its fields become columns" },
              { value: "json", label: "Keep as JSON", title: "One column holds it as it is" },
            ]}
          />
        )}
      </span>
      <span role="cell" className="hidden text-right lg:block">
        {line.mode === "json" && <QuarantineShare share={predicted?.quarantine_share ?? 0} />}
      </span>
    </div>
  );
}

/** A field by its path, its own name told from those of the objects around it. */
function FieldName({ path, skipped }: { path: readonly string[]; skipped: boolean }) {
  const parents = path.slice(0, -1);
  return (
    <code className={cx("block truncate text-xs", skipped && "text-faint line-through")} title={path.join(".")}>
      {parents.length > 0 && <span className="text-faint">{parents.join(".")}.</span>}
      <span className={skipped ? "" : "font-semibold"}>{path.at(-1)}</span>
    </code>
  );
}

function Share({ share }: { share: number | undefined }) {
  if (share === undefined) return null;
  return (
    <span className="mt-1 flex items-center gap-2 text-xs text-faint tabular">
      <svg viewBox="0 0 40 4" width="40" height="4" aria-hidden className="shrink-0 overflow-hidden rounded-full bg-hover">
        <rect width={Math.max(share > 0 ? 1 : 0, share * 40)} height="4" fill="var(--series-3)" />
      </svg>
      in {percent(share)}
    </span>
  );
}

function QuarantineShare({ share }: { share: number }) {
  return (
    <span className={cx("text-xs tabular", share === 0 ? "text-faint" : share >= 0.01 ? "font-semibold text-bad" : "font-semibold text-warn")}>
      <span className="sr-only">To quarantine: </span>
      {share === 0 ? "none" : percent(share)}
    </span>
  );
}

function Seen({ field }: { field: Field | undefined }) {
  const seen = field?.seen ?? [];
  const examples = field?.examples ?? [];
  if (!seen.length) return <span className="text-faint">{field ? "always null" : "not in the sample"}</span>;
  const all = seen.reduce((n, s) => n + s.count, 0);
  return (
    <>
      <span className="block truncate text-muted">{seen.map((s) => (seen.length === 1 ? s.type : `${s.type} ${percent(s.count / all)}`)).join(", ")}</span>
      <code className="block truncate text-faint" title={examples.join("\n")}>
        {examples.join("  ")}
      </code>
    </>
  );
}

function ColumnName({ label, value, disabled, wrong, inferred, set }: { label: string; value: string; disabled: boolean; wrong: string | undefined; inferred: string; set: (name: string | undefined) => void }) {
  const id = useId();
  return (
    <>
      <Input
        aria-label={label}
        aria-invalid={wrong ? true : undefined}
        aria-describedby={wrong ? id : undefined}
        className="h-7 w-full font-mono text-xs"
        value={value}
        disabled={disabled}
        placeholder={disabled ? "no column" : undefined}
        spellCheck={false}
        autoComplete="off"
        onChange={(e) => set(e.target.value === inferred ? undefined : e.target.value)}
      />
      {wrong && (
        <span id={id} className="mt-0.5 block text-xs text-bad">
          {wrong}
        </span>
      )}
    </>
  );
}

function TypeSelect({ label, column, disabled, none, set }: { label: string; column: { type: Type; format?: string } | undefined; disabled: boolean; none: boolean; set: (type: Type | undefined, format: Format) => void }) {
  const value = column ? (column.format ? `${column.type}:${column.format}` : column.type) : "";
  return (
    <Select
      small
      aria-label={label}
      className="w-full"
      value={value}
      disabled={disabled}
      onChange={(e) => {
        const chosen = types.find((t) => t.value === e.target.value);
        set(chosen?.type, chosen?.format ?? "");
      }}
    >
      {(none || !column) && <option value="">{disabled ? "skipped" : "none yet"}</option>}
      {types.map((t) => (
        <option key={t.value} value={t.value}>
          {t.type} · {t.label}
        </option>
      ))}
    </Select>
  );
}

/** Columns for fields that the sample does not hold. */
function AddedByHand({ plan, change }: { plan: Plan; change: Change }) {
  const edit = (id: number, made: Partial<ByHand>) => change((old) => ({ ...old, byHand: old.byHand.map((b) => (b.id === id ? { ...b, ...made } : b)) }));
  const add = () => change((old) => ({ ...old, byHand: [...old.byHand, { id: Math.max(0, ...old.byHand.map((b) => b.id)) + 1, name: "", type: "VARCHAR", format: "", path: "" }] }));
  return (
    <div className="space-y-2">
      {plan.byHand.map((b) => (
        <div key={b.id} className="grid items-start gap-2 sm:grid-cols-[minmax(0,1fr)_minmax(0,1fr)_12.5rem_2rem]">
          <Labelled label="Field">
            <Input small aria-label="Field" className="w-full font-mono" placeholder="user.id" value={b.path} spellCheck={false} onChange={(e) => edit(b.id, { path: e.target.value, name: b.name === b.path.replaceAll(".", "_") ? e.target.value.replaceAll(".", "_") : b.name })} />
          </Labelled>
          <Labelled label="Column" wrong={b.wrong}>
            <Input small aria-label="Column" aria-invalid={b.wrong ? true : undefined} className="w-full font-mono" placeholder="user_id" value={b.name} spellCheck={false} onChange={(e) => edit(b.id, { name: e.target.value })} />
          </Labelled>
          <Labelled label="Type">
            <TypeSelect label="Type" column={b} disabled={false} none={false} set={(type, format) => type && edit(b.id, { type, format })} />
          </Labelled>
          <IconButton icon={X} label="Remove the column" size="sm" className="sm:mt-5" onClick={() => change((old) => ({ ...old, byHand: old.byHand.filter((o) => o.id !== b.id) }))} />
        </div>
      ))}
      <Button size="sm" kind="quiet" icon={Plus} onClick={add}>
        Add a column by hand
      </Button>
    </div>
  );
}

function Labelled({ label, wrong, children }: { label: string; wrong?: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <span className="mb-0.5 block text-xs text-faint" aria-hidden>
        {label}
      </span>
      {children}
      {wrong && <span className="mt-0.5 block text-xs text-bad">{wrong}</span>}
    </div>
  );
}
