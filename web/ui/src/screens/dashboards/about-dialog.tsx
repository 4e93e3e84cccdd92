import { useState } from "react";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input, Select, Textarea } from "@/ui/form";
import { ProblemBox } from "@/ui/problem";
import { presets, rangeName, refreshes, span } from "./range";

export interface About {
  title: string;
  description: string;
  range: string;
  refresh_seconds: number;
}

/** What a dashboard is called, what it is for, and the range and refresh that it opens with. */
export function AboutDialog({ about, heading, action, close, done }: { about: About; heading: string; action: string; close: () => void; done: (about: About) => Promise<unknown> | void }) {
  const [now, setNow] = useState(about);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const allowed = now.title.trim() !== "";
  const submit = async () => {
    if (!allowed || busy) return;
    setBusy(true);
    setError(null);
    try {
      await done({ ...now, title: now.title.trim(), description: now.description.trim() });
      close();
    } catch (e) {
      setError(e);
      setBusy(false);
    }
  };
  const ranges = presets.some((p) => span(p.value) === span(now.range)) || !now.range ? presets : [...presets, { value: now.range, label: rangeName(now.range) }];
  return (
    <Dialog
      open
      onClose={close}
      title={heading}
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button kind="primary" disabled={!allowed} busy={busy} onClick={() => void submit()}>
            {action}
          </Button>
        </>
      }
    >
      <form
        className="space-y-3"
        onSubmit={(e) => {
          e.preventDefault();
          void submit();
        }}
      >
        <Field label="Title">{(control) => <Input {...control} className="w-full" maxLength={120} value={now.title} onChange={(e) => setNow({ ...now, title: e.target.value })} />}</Field>
        <Field label="Description">{(control) => <Textarea {...control} className="w-full" rows={2} maxLength={2000} value={now.description} onChange={(e) => setNow({ ...now, description: e.target.value })} />}</Field>
        <div className="grid grid-cols-2 gap-3">
          <Field label="Time range">
            {(control) => (
              <Select {...control} className="w-full" value={ranges.find((r) => span(r.value) === span(now.range))?.value ?? "1h"} onChange={(e) => setNow({ ...now, range: e.target.value })}>
                {ranges.map((r) => (
                  <option key={r.value} value={r.value}>
                    {r.label}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field label="Refresh">
            {(control) => (
              <Select {...control} className="w-full" value={now.refresh_seconds} onChange={(e) => setNow({ ...now, refresh_seconds: Number(e.target.value) })}>
                {[...new Set([...refreshes, now.refresh_seconds])]
                  .sort((a, b) => a - b)
                  .map((s) => (
                    <option key={s} value={s}>
                      {s === 0 ? "Off" : `Every ${s === 1 ? "second" : `${s} seconds`}`}
                    </option>
                  ))}
              </Select>
            )}
          </Field>
        </div>
        {error !== null && <ProblemBox error={error} />}
        <button type="submit" hidden />
      </form>
    </Dialog>
  );
}
