import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, problemOf } from "@/api/client";
import { Confirm } from "@/ui/dialog";
import { toast } from "@/ui/toast";
import { number } from "@/lib/format";
import { Choice } from "./choice";
import type { Source } from "./queries";

/** Asks for the source's name, and what is to become of its table. */
export function Remove({ source, rows, open, onClose }: { source: Source; rows: number | undefined; open: boolean; onClose: () => void }) {
  const { name, table, stream } = source.settings;
  const [drop, setDrop] = useState(false);
  const navigate = useNavigate();
  const client = useQueryClient();
  const path = { name };

  const leave = async (text: string, tone?: "bad") => {
    toast(text, tone);
    // First away from here: nobody is to ask for what is gone.
    await navigate({ to: "/" });
    client.removeQueries({ queryKey: ["sources", name] });
    await client.invalidateQueries();
  };
  const run = async () => {
    try {
      await api.DELETE("/api/v1/sources/{name}", { params: { path, query: { drop_table: drop } } });
    } catch (error) {
      // A consumer for fan-out may stay behind though the source is gone: the error says so.
      const gone = await api.GET("/api/v1/sources/{name}", { params: { path } }).then(
        () => false,
        (now: unknown) => problemOf(now).code === "not_found",
      );
      if (!gone) throw error;
      await leave(problemOf(error).message, "bad");
      return;
    }
    await leave(drop ? `${name} and its table are removed` : `${name} is removed, table ${table} stays`);
  };
  return (
    <Confirm open={open} onClose={onClose} title={`Remove ${name}`} action={drop ? "Remove source and table" : "Remove source"} name={name} run={run}>
      <p>Stream {stream} is not read any more. The stream itself stays as it is.</p>
      <fieldset className="space-y-2">
        <legend className="sr-only">What becomes of the table</legend>
        <Choice name="table" checked={!drop} onChange={() => setDrop(false)} title={`Keep table ${table}`}>
          Its {rows === undefined ? "" : `${number(rows)} `}rows can be queried as before. A source connected to it later goes on where this one stopped.
        </Choice>
        <Choice name="table" checked={drop} onChange={() => setDrop(true)} title={`Drop table ${table}`}>
          Its rows, its quarantine and the positions in the stream are deleted. This cannot be undone.
        </Choice>
      </fieldset>
    </Confirm>
  );
}
