import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, data } from "@/api/client";
import { backupStatusQuery, queryClient } from "@/api/queries";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Input } from "@/ui/form";
import { ProblemBox } from "@/ui/problem";

/** Starts a backup: to the place of the settings, unless another is named. */
export default function NewBackup({ to, onClose }: { to: string | undefined; onClose: () => void }) {
  const [place, setPlace] = useState(to ?? "");
  const start = useMutation({
    mutationFn: () => data(api.POST("/api/v1/backups", { body: place.trim() === to ? {} : { to: place.trim() } })),
    onSuccess: (status) => {
      queryClient.setQueryData(backupStatusQuery.queryKey, status);
      onClose();
    },
  });
  const allowed = place.trim() !== "" && !start.isPending;
  return (
    <Dialog
      open
      onClose={onClose}
      title="Back up now"
      description="Everything goes on meanwhile. What is at the place already is not written again."
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form="new-backup" disabled={!allowed} busy={start.isPending}>
            Back up
          </Button>
        </>
      }
    >
      <form
        id="new-backup"
        className="space-y-4"
        onSubmit={(e) => {
          e.preventDefault();
          if (allowed) start.mutate();
        }}
      >
        <Field label="Place" hint="A directory of the server’s machine, as in /srv/backups, or s3://BUCKET/PREFIX. Credentials come from the server’s surroundings, not from here.">
          {(control) => <Input {...control} required maxLength={2000} autoComplete="off" spellCheck={false} placeholder="/srv/backups" value={place} onChange={(e) => setPlace(e.target.value)} className="w-full font-mono" />}
        </Field>
        {start.error !== null && <ProblemBox error={start.error} />}
      </form>
    </Dialog>
  );
}
