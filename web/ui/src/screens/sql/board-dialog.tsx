// Puts a saved query on a dashboard, without leaving the query.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { dashboardsQuery } from "@/api/queries";
import { panelFor } from "@/screens/dashboards/new-panel";
import { changeDashboard, dashboardQuery, draftOf, makeDashboard, type Dashboard } from "@/screens/dashboards/queries";
import { ranged } from "@/screens/dashboards/rows";
import { Button, LinkButton } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input, Select } from "@/ui/form";
import { Skeleton } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import type { SavedQuery } from "./queries";

const another = ""; // no dashboard has this id

export default function BoardDialog({ query, changed, onClose }: { query: SavedQuery; changed: boolean; onClose: () => void }) {
  const form = useId();
  const client = useQueryClient();
  const boards = useQuery(dashboardsQuery);
  const [chosen, setChosen] = useState<string>();
  const [title, setTitle] = useState(query.name);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [done, setDone] = useState<Dashboard>();
  const id = chosen ?? boards.data?.[0]?.id ?? another;

  const add = async () => {
    if (busy || (id === another && !title.trim())) return;
    setBusy(true);
    setError(null);
    try {
      setDone(await (id === another ? make() : extend()));
      void client.invalidateQueries({ queryKey: ["dashboards"] });
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  };
  const make = () => makeDashboard({ title: title.trim(), description: "", range: "1h", refresh_seconds: 5, panels: [panelFor(query, [])] });
  const extend = async () => {
    // As it is now: somebody may have changed it since the list came.
    const board = await client.fetchQuery({ ...dashboardQuery(id), staleTime: 0 });
    const draft = draftOf(board);
    return changeDashboard(id, board.revision, { ...draft, panels: [...draft.panels, panelFor(query, draft.panels)] });
  };
  if (done) {
    return (
      <Dialog
        open
        onClose={onClose}
        title="Added to the dashboard"
        description={`“${query.name}” is a panel of “${done.title}” now.`}
        actions={
          <>
            <Button onClick={onClose}>Close</Button>
            <LinkButton kind="primary" to="/dashboards/$id" params={{ id: done.id }}>
              Open the dashboard
            </LinkButton>
          </>
        }
      />
    );
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title="Add to a dashboard"
      description={`A panel that shows “${query.name}”, as it is saved.`}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form={form} busy={busy} disabled={!boards.data || (id === another && !title.trim())}>
            Add
          </Button>
        </>
      }
    >
      {boards.error && !boards.data ? (
        <ProblemBox error={boards.error} retry={() => void boards.refetch()} />
      ) : !boards.data ? (
        <Skeleton />
      ) : (
        <form
          id={form}
          className="space-y-3"
          onSubmit={(e) => {
            e.preventDefault();
            void add();
          }}
        >
          {changed && <p className="text-sm text-warn">What you changed since is not saved, and the panel does not show it yet.</p>}
          <Field label="Dashboard">
            {(control) => (
              <Select {...control} className="w-full" value={id} onChange={(e) => setChosen(e.target.value)}>
                {boards.data.map((b) => (
                  <option key={b.id} value={b.id}>
                    {b.title}
                  </option>
                ))}
                <option value={another}>A new dashboard</option>
              </Select>
            )}
          </Field>
          {id === another && <Field label="Its title">{(control) => <Input {...control} maxLength={120} className="w-full" value={title} onChange={(e) => setTitle(e.target.value)} />}</Field>}
          {!ranged(query) && <p className="text-xs text-muted">The query has no $from and $to, so it will ignore the dashboard's time range.</p>}
          {error !== null && <ProblemBox error={error} />}
        </form>
      )}
    </Dialog>
  );
}
