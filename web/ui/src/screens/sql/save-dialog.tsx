// The name and description of a saved query, when it is saved first and when they change.
import { useId, useState } from "react";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input, Textarea } from "@/ui/form";
import { ProblemBox } from "@/ui/problem";

export interface Naming {
  title: string;
  action: string;
  name: string;
  description: string;
  save: (name: string, description: string) => Promise<unknown>;
}

export default function SaveDialog({ naming, onClose }: { naming: Naming; onClose: () => void }) {
  const form = useId();
  const [name, setName] = useState(naming.name);
  const [description, setDescription] = useState(naming.description);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const save = async () => {
    if (!name.trim() || busy) return;
    setBusy(true);
    setError(null);
    try {
      await naming.save(name.trim(), description.trim());
      onClose();
    } catch (e) {
      setError(e);
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={naming.title}
      description="Saved queries are there for everybody who uses this Helios, have a link, and are what dashboards are made of."
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form={form} disabled={!name.trim()} busy={busy}>
            {naming.action}
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="space-y-3"
        onSubmit={(e) => {
          e.preventDefault();
          void save();
        }}
      >
        <Field label="Name">{(control) => <Input {...control} autoFocus maxLength={120} className="w-full" value={name} onChange={(e) => setName(e.target.value)} />}</Field>
        <Field label="Description" hint="What it answers, and for whom">
          {(control) => <Textarea {...control} rows={3} maxLength={2000} className="w-full" value={description} onChange={(e) => setDescription(e.target.value)} />}
        </Field>
        {error !== null && <ProblemBox error={error} />}
      </form>
    </Dialog>
  );
}
