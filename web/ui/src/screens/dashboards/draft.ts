// What a person changes of a dashboard until it is saved. Saving names the revision that was changed, so that nobody's work is
// lost when two people change the same one.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { problemOf } from "@/api/client";
import { toast } from "@/ui/toast";
import { changeDashboard, dashboardQuery, draftOf, type Dashboard, type Draft } from "./queries";

export interface Editing {
  draft: Draft;
  editing: boolean;
  dirty: boolean;
  saving: boolean;
  /** Why it could not be saved. */
  error: unknown;
  /** Somebody else has saved since the change began. */
  conflict: boolean;
  start: () => void;
  change: (part: Partial<Draft>) => void;
  /** `over` writes over what somebody else has saved meanwhile. */
  save: (over?: boolean) => Promise<boolean>;
  /** Leaves out what was changed. */
  discard: () => void;
  /** Goes on changing without having saved. */
  dismiss: () => void;
}

export function useDraft(remote: Dashboard): Editing {
  const client = useQueryClient();
  const [mine, setMine] = useState<{ base: Dashboard; draft: Draft } | null>(null);
  const [saving, setSaving] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const dirty = mine !== null && JSON.stringify(mine.draft) !== JSON.stringify(draftOf(mine.base));

  const save = async (over = false) => {
    if (!mine) return true;
    setSaving(true);
    setError(null);
    try {
      const revision = over ? (await client.fetchQuery({ ...dashboardQuery(remote.id), staleTime: 0 })).revision : mine.base.revision;
      const saved = dirty || over ? await changeDashboard(remote.id, revision, mine.draft) : mine.base;
      client.setQueryData(dashboardQuery(remote.id).queryKey, saved);
      void client.invalidateQueries({ queryKey: ["dashboards"] });
      setMine(null);
      if (dirty || over) toast("Dashboard saved");
      return true;
    } catch (e) {
      setError(e);
      return false;
    } finally {
      setSaving(false);
    }
  };
  return {
    draft: mine?.draft ?? draftOf(remote),
    editing: mine !== null,
    dirty,
    saving,
    error,
    conflict: error !== null && problemOf(error).status === 409,
    start: () => setMine((m) => m ?? { base: remote, draft: draftOf(remote) }),
    change: (part) => setMine((m) => ({ base: m?.base ?? remote, draft: { ...(m?.draft ?? draftOf(remote)), ...part } })),
    save,
    discard: () => {
      if (error !== null) void client.invalidateQueries({ queryKey: dashboardQuery(remote.id).queryKey }); // what somebody else saved
      setMine(null);
      setError(null);
    },
    dismiss: () => setError(null),
  };
}
