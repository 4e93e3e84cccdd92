import { useState } from "react";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input } from "@/ui/form";
import { bounds, fieldTime, type Range } from "./range";

/** From a moment to another. */
export function CustomRange({ range, close, choose }: { range: Range; close: () => void; choose: (from: string, to: string) => void }) {
  const [now] = useState(() => bounds(range, Date.now()));
  const [from, setFrom] = useState(fieldTime(now.from));
  const [to, setTo] = useState(fieldTime(now.to));
  const error = !from || !to ? "Both times are needed" : new Date(from) >= new Date(to) ? "The range ends before it begins" : undefined;
  const submit = () => {
    if (error) return;
    choose(new Date(from).toISOString(), new Date(to).toISOString());
    close();
  };
  return (
    <Dialog
      open
      onClose={close}
      title="Time range"
      description="In your own time zone. Panels see it as $from and $to."
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button kind="primary" disabled={!!error} onClick={submit}>
            Show
          </Button>
        </>
      }
    >
      <form
        className="grid gap-3 sm:grid-cols-2"
        onSubmit={(e) => {
          e.preventDefault();
          submit();
        }}
      >
        <Field label="From">{(control) => <Input {...control} type="datetime-local" step={1} className="w-full" value={from} onChange={(e) => setFrom(e.target.value)} />}</Field>
        <Field label="To" error={error}>
          {(control) => <Input {...control} type="datetime-local" step={1} className="w-full" value={to} onChange={(e) => setTo(e.target.value)} />}
        </Field>
        <button type="submit" hidden />
      </form>
    </Dialog>
  );
}
