import { useQuery } from "@tanstack/react-query";
import { DatabaseZap, EyeOff, Plus, Table2 } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { problemOf } from "@/api/client";
import { number, plural } from "@/lib/format";
import { sqlName } from "@/lib/sql";
import { useSession } from "@/lib/session";
import { useShortcuts, type Shortcut } from "@/lib/shortcuts";
import { Button, LinkButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Input } from "@/ui/form";
import { Card, Empty, Skeleton } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { tableQuery, useAddress, type Column, type Source, type TableInfo } from "../queries";
import { useChangeSource } from "../settings/change";
import { useChange } from "./changing";
import { Columns } from "./columns";
import { AddDialog, IgnoreDialog, WidenDialog } from "./dialogs";
import { History } from "./history";
import { pathText } from "./types";

/** The columns of the source's table, what is ignored, and how it all came to be. */
export function Schema({ source }: { source: Source }) {
  const { table: name } = source.settings;
  const table = useQuery(tableQuery(name));
  if (!table.data) {
    return !table.error ? (
      <Card>
        <Skeleton lines={8} />
      </Card>
    ) : problemOf(table.error).code === "not_found" ? (
      <Card>
        <Empty icon={Table2} title="There is no table yet">
          It is made with the first events of the stream.
        </Empty>
      </Card>
    ) : (
      <ProblemBox error={table.error} retry={() => void table.refetch()} />
    );
  }
  return <Known source={source} table={table.data} />;
}

type Open = { kind: "add" } | { kind: "ignore"; column?: Column } | { kind: "widen"; column: Column } | null;

function Known({ source, table }: { source: Source; table: TableInfo }) {
  const { search, go } = useAddress();
  const [open, setOpen] = useState<Open>(null);
  const close = useCallback(() => setOpen(null), []);
  const { mutate: change } = useChangeSource(source);
  const { can } = useSession();
  const changes = can("POST /api/v1/tables/{table}/changes");
  const told = can("GET /api/v1/tables/{table}/history");
  useShortcuts(
    useMemo<Shortcut[]>(
      () =>
        changes
          ? [
              { label: "Add a column", group: "Schema", run: () => setOpen({ kind: "add" }) },
              { label: "Ignore a field", group: "Schema", run: () => setOpen({ kind: "ignore" }) },
            ]
          : [],
      [changes],
    ),
  );
  const wanted = search.column?.trim().toLowerCase();
  const columns = table.columns;
  const shown = wanted ? columns.filter((c) => c.name.toLowerCase().includes(wanted) || c.type.toLowerCase().includes(wanted) || pathText(c.path).toLowerCase().includes(wanted)) : columns;
  return (
    <div className={cx("grid items-start gap-4", told && "xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]")}>
      <div className="min-w-0 space-y-4">
        <Card
          flush
          title={shown.length === columns.length ? plural(columns.length, "column") : `${plural(shown.length, "column")} of ${columns.length}`}
          actions={
            <>
              <Input small type="search" aria-label="Find a column" placeholder="Find" className="w-20 sm:w-40" value={search.column ?? ""} onChange={(e) => go({ column: e.target.value || undefined })} />
              {changes && (
                <Button size="sm" icon={Plus} onClick={() => setOpen({ kind: "add" })}>
                  Add
                </Button>
              )}
            </>
          }
        >
          {shown.length ? (
            <Columns table={table} columns={shown} changes={changes} onWiden={(column) => setOpen({ kind: "widen", column })} onIgnore={(column) => setOpen({ kind: "ignore", column })} onEventTime={(c) => change({ event_time: c.name }, { onError: (e) => toast(problemOf(e).message, "bad") })} />
          ) : (
            <p className="px-4 py-8 text-center text-sm text-muted">No column is called that.</p>
          )}
          <div className="flex items-center gap-x-3 border-t py-2 pr-2 pl-4 text-xs text-muted">
            <p className="min-w-0 flex-1">
              Version {number(table.version)}. {table.evolve === "fixed" ? "Fields without a column send events to quarantine." : `New fields become columns, up to ${number(table.max_columns)} columns and ${plural(table.max_depth, "name")} in a path.`}
            </p>
            <LinkButton kind="quiet" size="sm" icon={DatabaseZap} to="/sql" search={{ sql: `DESCRIBE ${sqlName(table.name)}` }}>
              Open as SQL
            </LinkButton>
          </div>
        </Card>
        <Ignored table={table} onAdd={changes ? () => setOpen({ kind: "ignore" }) : undefined} />
      </div>
      {told && <History table={table.name} version={table.version} />}
      {open?.kind === "add" && <AddDialog table={table.name} onClose={close} />}
      {open?.kind === "widen" && <WidenDialog table={table.name} column={open.column} onClose={close} />}
      {open?.kind === "ignore" && <IgnoreDialog table={table.name} column={open.column} onClose={close} />}
    </div>
  );
}

function Ignored({ table, onAdd }: { table: TableInfo; onAdd?: () => void }) {
  const change = useChange(table.name);
  const paths = table.ignore;
  return (
    <Card
      title="Ignored fields"
      flush
      actions={
        onAdd && (
          <Button size="sm" icon={EyeOff} onClick={onAdd}>
            Ignore a field
          </Button>
        )
      }
    >
      {paths.length === 0 ? (
        <p className="px-4 py-5 text-sm text-muted">None. What is ignored becomes no column and rejects no event: good for what should not be stored.</p>
      ) : (
        <ul className="divide-y">
          {paths.map((path) => (
            <li key={JSON.stringify(path)} className="flex items-center gap-3 px-4 py-1.5 text-sm">
              <code className="min-w-0 flex-1 break-all">{pathText(path)}</code>
              {onAdd && (
                <Button
                  kind="quiet"
                  size="sm"
                  disabled={change.isPending}
                  onClick={() => change.mutate({ kind: "unignore", path }, { onSuccess: () => toast(`${pathText(path)} is read again`), onError: (e) => toast(problemOf(e).message, "bad") })}
                >
                  Read it again
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
