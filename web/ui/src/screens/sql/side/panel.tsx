// What stands beside the editor, or over it where there is no room: the tables, the saved queries, the history.
import { Dialog as D } from "radix-ui";
import { X } from "lucide-react";
import { IconButton } from "@/ui/button";
import { Segmented } from "@/ui/form";
import type { Panel } from "../layout";
import type { Table } from "../lang/scope";
import type { Naming } from "../save-dialog";
import type { Past, SavedQuery } from "../queries";
import { HistoryPanel } from "./history";
import { SavedPanel } from "./saved";
import { TablesPanel } from "./tables";

export interface SideProps {
  panel: Panel;
  onPanel: (panel: Panel) => void;
  /** Undefined until they are known. */
  tables: readonly Table[] | undefined;
  tablesError: unknown;
  insert: (text: string) => void;
  /** Opens a statement in a tab and runs it. */
  open: (sql: string) => void;
  openSaved: (query: SavedQuery) => void;
  openPast: (past: Past) => void;
  name: (naming: Naming) => void;
}

interface Props extends SideProps {
  wide: boolean;
  onClose: () => void;
}

export default function SidePanel({ wide, onClose, ...side }: Props) {
  if (wide) {
    return (
      <aside aria-label="Tables, saved queries and history" className="flex w-72 shrink-0 flex-col border-r bg-sunken">
        <Content {...side} />
      </aside>
    );
  }
  // Over the editor: what is chosen takes the drawer away.
  const then = <A extends unknown[]>(act: (...args: A) => void) => (...args: A) => {
    onClose();
    act(...args);
  };
  return (
    <D.Root open onOpenChange={(o) => !o && onClose()}>
      <D.Portal>
        <D.Overlay className="fixed inset-0 z-40 bg-shade" />
        <D.Content aria-describedby={undefined} className="fixed inset-y-0 left-0 z-40 flex w-80 max-w-[88vw] flex-col border-r bg-sunken shadow-(--shadow-floating) outline-none">
          <D.Title className="sr-only">Tables, saved queries and history</D.Title>
          <Content
            {...side}
            insert={then(side.insert)}
            open={then(side.open)}
            openSaved={then(side.openSaved)}
            openPast={then(side.openPast)}
            close={
              <D.Close asChild>
                <IconButton icon={X} label="Close" size="sm" />
              </D.Close>
            }
          />
        </D.Content>
      </D.Portal>
    </D.Root>
  );
}

function Content({ close, ...side }: SideProps & { close?: React.ReactNode }) {
  return (
    <>
      <div className="flex h-10 shrink-0 items-center gap-2 border-b px-2">
        <Segmented
          small
          label="Panel"
          value={side.panel}
          onChange={side.onPanel}
          options={[
            { value: "tables", label: "Tables" },
            { value: "saved", label: "Saved" },
            { value: "history", label: "History" },
          ]}
        />
        <span className="flex-1" />
        {close}
      </div>
      <div className="flex min-h-0 flex-1 flex-col">
        {side.panel === "tables" && <TablesPanel {...side} />}
        {side.panel === "saved" && <SavedPanel {...side} />}
        {side.panel === "history" && <HistoryPanel {...side} />}
      </div>
    </>
  );
}

/** The field at the head of each panel. */
export function SearchField({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <div className="shrink-0 p-2">
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        spellCheck={false}
        onChange={(e) => onChange(e.target.value)}
        className="h-7 w-full rounded-md border border-edge bg-surface px-2 text-xs placeholder:text-faint"
      />
    </div>
  );
}
