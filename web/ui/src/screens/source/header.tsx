// What a source is, and what can be done with it as a whole.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Activity, DatabaseZap, Ellipsis, FileText, Pause, Play, ShieldAlert, Terminal, Trash2 } from "lucide-react";
import { useMemo } from "react";
import { api, data, problemOf } from "@/api/client";
import { copy } from "@/lib/clipboard";
import { curl } from "@/lib/curl";
import { useSession } from "@/lib/session";
import { useShortcuts, type Shortcut } from "@/lib/shortcuts";
import { sqlName } from "@/lib/sql";
import { Button, IconButton, LinkButton } from "@/ui/button";
import { Menu } from "@/ui/menu";
import { toast } from "@/ui/toast";
import { declaration, useTakeOver, type Source } from "./queries";

const newestRows = (table: string) => `SELECT *\nFROM ${sqlName(table)}\nORDER BY _arrived_at DESC\nLIMIT 100`;

export async function copyDeclaration(name: string) {
  try {
    await copy(await declaration(name), "Copied for helios.yaml");
  } catch (error) {
    toast(problemOf(error).message, "bad");
  }
}

/** Pausing and resuming. The answer is the source as it is then. */
function useSteering(source: Source) {
  const takeOver = useTakeOver();
  const client = useQueryClient();
  const path = { name: source.settings.name };
  return useMutation({
    mutationFn: (pause: boolean) => data(pause ? api.POST("/api/v1/sources/{name}/pause", { params: { path } }) : api.POST("/api/v1/sources/{name}/resume", { params: { path } })),
    onSuccess: (now, pause) => {
      takeOver(now);
      toast(pause ? `${path.name} is paused: nothing is lost, reading goes on where it stopped` : `${path.name} reads on`);
    },
    onError: (error) => {
      toast(problemOf(error).message, "bad");
      void client.invalidateQueries({ queryKey: ["sources"] });
    },
  });
}

export function Actions({ source, onRemove }: { source: Source; onRemove: () => void }) {
  const { name, table, paused } = source.settings;
  const navigate = useNavigate();
  const steering = useSteering(source);
  const { mutate: steer, isPending: busy } = steering;
  const { can, reaches } = useSession();
  const changes = can("PATCH /api/v1/sources/{name}");
  const go = useMemo(
    () => ({
      sql: () => void navigate({ to: "/sql", search: { sql: newestRows(table) } }),
      tail: () => void navigate({ to: "/tail", search: { source: name } }),
      quarantine: () => void navigate({ to: "/quarantine", search: { table } }),
    }),
    [navigate, name, table],
  );
  const shortcuts = useMemo<Shortcut[]>(
    () => [
      ...(changes ? [{ keys: "p", label: paused ? `Resume ${name}` : `Pause ${name}`, group: "Source", run: () => steer(!paused) }] : []),
      ...(reaches("/sql") ? [{ keys: "o", label: `Open ${table} as SQL`, group: "Source", run: go.sql }] : []),
      ...(reaches("/tail") ? [{ keys: "l", label: `Live tail of ${name}`, group: "Source", run: go.tail }] : []),
      ...(reaches("/quarantine") ? [{ keys: "q", label: `Quarantine of ${table}`, group: "Source", run: go.quarantine }] : []),
      ...(changes
        ? [
            { keys: "y", label: `Copy ${name} as YAML`, group: "Source", run: () => void copyDeclaration(name) },
            { label: `Remove ${name}`, group: "Source", run: onRemove },
          ]
        : []),
    ],
    [name, table, paused, steer, go, onRemove, changes, reaches],
  );
  useShortcuts(shortcuts);
  return (
    <>
      <LinkButton icon={DatabaseZap} to="/sql" search={{ sql: newestRows(table) }}>
        Open as SQL
      </LinkButton>
      {changes && (
        <Button icon={paused ? Play : Pause} busy={busy} onClick={() => steer(!paused)}>
          {paused ? "Resume" : "Pause"}
        </Button>
      )}
      <Menu
        items={[
          reaches("/tail") && { label: "Live tail", icon: Activity, run: go.tail },
          reaches("/quarantine") && { label: "Quarantine", icon: ShieldAlert, run: go.quarantine },
          "-",
          changes && { label: "Copy as YAML", icon: FileText, run: () => void copyDeclaration(name) },
          { label: "Copy as curl", icon: Terminal, run: () => void copy(curl(`/api/v1/sources/${encodeURIComponent(name)}`), "Copied as curl") },
          "-",
          changes && { label: "Remove…", icon: Trash2, danger: true, run: onRemove },
        ]}
      >
        <IconButton icon={Ellipsis} label="More" kind="secondary" />
      </Menu>
    </>
  );
}
