// Dashboards as text: exported, and imported again.
import { useQuery } from "@tanstack/react-query";
import { Download, Upload } from "lucide-react";
import { useState } from "react";
import { Problem, problemOf, request, type Schemas } from "@/api/client";
import { parseTree } from "@/data/json-tree";
import { save } from "@/lib/clipboard";
import { plural } from "@/lib/format";
import { Button } from "@/ui/button";
import { CodeBlock } from "@/ui/code";
import { Dialog } from "@/ui/dialog";
import { Checkbox, Field, Segmented, Textarea } from "@/ui/form";
import { Skeleton } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { toYAML } from "./yaml";

/** A dashboard and its queries as JSON, and as YAML for helios.yaml. */
export function ExportDialog({ id, unsaved, close }: { id: string; unsaved?: boolean; close: () => void }) {
  const [form, setForm] = useState<"yaml" | "json">("yaml");
  const exported = useQuery({
    queryKey: ["dashboards", id, "export"],
    queryFn: async ({ signal }) => (await request(`/api/v1/dashboards/${encodeURIComponent(id)}/export`, { signal })).text(),
    staleTime: 0,
    gcTime: 0,
  });
  const text = exported.data === undefined ? "" : form === "json" ? exported.data : toYAML(exported.data);
  return (
    <Dialog
      open
      wide
      onClose={close}
      title="Export the dashboard"
      description={form === "yaml" ? "With its queries. In helios.yaml it declares them: they are written when the declaration changes, and edits in the console stay until then." : "With its queries, to be imported by another Helios."}
      actions={
        <Button icon={Download} disabled={!text} onClick={() => save(text, `${id}.${form}`, form === "json" ? "application/json" : "application/yaml")}>
          Save as a file
        </Button>
      }
    >
      <div className="mb-3 flex flex-wrap items-center gap-3">
        <Segmented small label="Form" value={form} onChange={setForm} options={[{ value: "yaml", label: "YAML" }, { value: "json", label: "JSON" }]} />
        {unsaved && <span className="text-xs text-warn">What is not saved is not part of it.</span>}
      </div>
      {exported.error ? <ProblemBox error={exported.error} retry={() => void exported.refetch()} /> : text ? <CodeBlock text={text} label={`Copy the ${form.toUpperCase()}`} /> : <Skeleton lines={8} />}
    </Dialog>
  );
}

/** Takes what an export gave. */
export function ImportDialog({ close, done }: { close: () => void; done: (imported: Schemas["Imported"]) => void }) {
  const [text, setText] = useState("");
  const [replace, setReplace] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const conflict = error !== null && problemOf(error).status === 409;
  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      // As it was written: what is read and written again would round the numbers that are beyond a double.
      if (!parseTree(text)) throw new Problem(0, { code: "invalid", detail: "This is no JSON", hint: "an export that was saved as JSON can be imported; YAML belongs into helios.yaml" });
      const answer = await request(`/api/v1/dashboards/import?replace=${replace}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: text });
      const imported = (await answer.json()) as Schemas["Imported"];
      toast(`${plural(imported.dashboards.length, "dashboard")} and ${plural(imported.queries.length, "query", "queries")} imported`);
      done(imported);
      close();
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      onClose={close}
      title="Import dashboards"
      description="JSON as an export gives it: dashboards with their queries."
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button kind="primary" icon={Upload} busy={busy} disabled={!text.trim()} onClick={() => void submit()}>
            Import
          </Button>
        </>
      }
    >
      <div className="space-y-3">
        <Field label="From a file">
          {(control) => (
            <input
              {...control}
              type="file"
              accept=".json,application/json"
              className="block w-full text-sm text-muted file:mr-3 file:h-7 file:rounded-md file:border file:border-edge file:bg-surface file:px-2 file:text-xs file:font-medium file:text-ink"
              onChange={(e) => void e.target.files?.[0]?.text().then(setText)}
            />
          )}
        </Field>
        <Field label="Or pasted">{(control) => <Textarea {...control} rows={8} spellCheck={false} className="w-full font-mono text-xs" value={text} onChange={(e) => setText(e.target.value)} placeholder='{"queries": [...], "dashboards": [...]}' />}</Field>
        {error !== null && <ProblemBox error={error} />}
        {(conflict || replace) && <Checkbox label="Replace what is there under the same id" checked={replace} onChange={(e) => setReplace(e.target.checked)} />}
      </div>
    </Dialog>
  );
}
