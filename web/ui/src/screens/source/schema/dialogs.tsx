// Changing the schema by hand: a column that becomes wider, one that is added, a field that is ignored.
import { useState } from "react";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input, Select } from "@/ui/form";
import { ProblemBox } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { Choice } from "../choice";
import type { Column } from "../queries";
import { useChange, type TableChange } from "./changing";
import { columnTypes, meanings, parsePath, pathText, widerThan, type ColumnType } from "./types";

interface Props {
  table: string;
  onClose: () => void;
}

/** The frame of each change: says what failed, and closes when it is done. */
function ChangeDialog({ table, onClose, title, description, action, done, change, children }: Props & { title: string; description: string; action: string; done: string; change: TableChange | null; children?: React.ReactNode }) {
  const changing = useChange(table);
  const run = () => {
    if (!change || changing.isPending) return;
    changing.mutate(change, {
      onSuccess: () => {
        toast(done);
        onClose();
      },
    });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={title}
      description={description}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" disabled={!change} busy={changing.isPending} onClick={run}>
            {action}
          </Button>
        </>
      }
    >
      <form
        className="space-y-4"
        onSubmit={(e) => {
          e.preventDefault();
          run();
        }}
      >
        {children}
        {changing.error && <ProblemBox error={changing.error} />}
        <button type="submit" hidden />
      </form>
    </Dialog>
  );
}

export function WidenDialog({ table, column, onClose }: Props & { column: Column }) {
  const options = widerThan(column);
  const [type, setType] = useState<ColumnType>(options[0] ?? "JSON");
  return (
    <ChangeDialog
      table={table}
      onClose={onClose}
      title={`Widen ${column.name}`}
      description={`It is ${column.type}. Every value it holds stays as it is; a wider type cannot become narrower again.`}
      action={`Make it ${type}`}
      done={`${column.name} is ${type} now`}
      change={{ kind: "widen", column: column.name, type }}
    >
      <fieldset className="space-y-2">
        <legend className="sr-only">The wider type</legend>
        {options.map((o) => (
          <Choice key={o} name="type" checked={o === type} onChange={() => setType(o)} title={o === column.type ? `${o}, numbers and booleans too` : o}>
            {meanings[o]}
          </Choice>
        ))}
      </fieldset>
    </ChangeDialog>
  );
}

export function AddDialog({ table, onClose }: Props) {
  const [field, setField] = useState("");
  const [name, setName] = useState("");
  const [type, setType] = useState<ColumnType>("VARCHAR");
  const [format, setFormat] = useState<"" | "epoch_s" | "epoch_ms">("");
  const path = parsePath(field);
  return (
    <ChangeDialog
      table={table}
      onClose={onClose}
      title="Add a column"
      description="For a field of the events that has none. Rows that are there already have no value in it."
      action="Add the column"
      done="The column is added"
      change={path && { kind: "add", path, column: name.trim() || undefined, type, format: type === "TIMESTAMP" && format ? format : undefined }}
    >
      <Field label="Field" hint='Names between dots, as user.address.city; a name with a dot in it in "quotes"' error={field && !path ? "A name is missing between the dots" : undefined}>
        {(control) => <Input {...control} className="w-full font-mono" value={field} onChange={(e) => setField(e.target.value)} spellCheck={false} autoComplete="off" />}
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Type" hint={meanings[type]}>
          {(control) => (
            <Select {...control} className="w-full" value={type} onChange={(e) => setType(columnTypes.find((t) => t === e.target.value) ?? "VARCHAR")}>
              {columnTypes.map((t) => (
                <option key={t}>{t}</option>
              ))}
            </Select>
          )}
        </Field>
        {type === "TIMESTAMP" && (
          <Field label="Written as">
            {(control) => (
              <Select {...control} className="w-full" value={format} onChange={(e) => setFormat((["epoch_s", "epoch_ms"] as const).find((f) => f === e.target.value) ?? "")}>
                <option value="">ISO 8601</option>
                <option value="epoch_s">Seconds since 1970</option>
                <option value="epoch_ms">Milliseconds since 1970</option>
              </Select>
            )}
          </Field>
        )}
        <Field label="Name of the column" hint="Without one it is made of the field's">
          {(control) => <Input {...control} className="w-full font-mono" value={name} onChange={(e) => setName(e.target.value)} spellCheck={false} autoComplete="off" />}
        </Field>
      </div>
    </ChangeDialog>
  );
}

/** Ignores a field: that of a column, or one that is named. */
export function IgnoreDialog({ table, column, onClose }: Props & { column?: Column }) {
  const [field, setField] = useState("");
  const path = column ? (column.path ?? null) : parsePath(field);
  return (
    <ChangeDialog
      table={table}
      onClose={onClose}
      title={column ? `Ignore ${pathText(column.path)}` : "Ignore a field"}
      description={column ? `Column ${column.name} stays with the values it has, and gets no new ones. The field rejects no event any more. This can be ended at any time.` : "A field that is ignored becomes no column and rejects no event, whatever is in it. This can be ended at any time."}
      action="Ignore it"
      done={`${pathText(path)} is ignored`}
      change={path && { kind: "ignore", path }}
    >
      {!column && (
        <Field label="Field" hint='Names between dots, as user.ssn; a name with a dot in it in "quotes"' error={field && !path ? "A name is missing between the dots" : undefined}>
          {(control) => <Input {...control} className="w-full font-mono" value={field} onChange={(e) => setField(e.target.value)} spellCheck={false} autoComplete="off" />}
        </Field>
      )}
    </ChangeDialog>
  );
}
