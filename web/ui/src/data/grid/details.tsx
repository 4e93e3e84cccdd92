import { Copy, X } from "lucide-react";
import { useState } from "react";
import { copy } from "@/lib/clipboard";
import { exactTime, number } from "@/lib/format";
import { IconButton } from "@/ui/button";
import { Segmented } from "@/ui/form";
import { toJSON } from "../copy";
import { JsonView } from "../json";
import { instant, isInstant, type Cell } from "../types";
import { cellText, type GridColumn } from "./cell";

/** A cell with all that it holds, or its whole row. */
export function Details({ row, column, columns, close }: { row: readonly Cell[]; column: GridColumn; columns: readonly GridColumn[]; close?: () => void }) {
  const [what, setWhat] = useState<"cell" | "row">("cell");
  const value = row[column.index] ?? null;
  const text = what === "cell" ? (value === null ? "" : String(value)) : toJSON([...columns], [row]);
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex items-center gap-1 border-b px-3 py-1.5">
        <Segmented small label="Show" value={what} onChange={setWhat} options={[{ value: "cell", label: "Cell" }, { value: "row", label: "Row" }]} />
        <span className="flex-1" />
        <IconButton icon={Copy} label={what === "cell" ? "Copy the value" : "Copy the row as JSON"} size="sm" onClick={() => void copy(text)} />
        {close && <IconButton icon={X} label="Close the details" size="sm" onClick={close} />}
      </div>
      <div className="min-h-0 flex-1 overflow-auto p-3" tabIndex={0} role="region" aria-label="Details">
        {what === "cell" ? (
          <>
            <h3 className="text-sm break-words">{column.name}</h3>
            <p className="mb-2 font-mono text-2xs break-words text-faint">{column.type.toLowerCase()}</p>
            <Value value={value} column={column} />
          </>
        ) : (
          <dl className="space-y-2 text-xs">
            {columns.map((c) => (
              <div key={c.index}>
                <dt className="text-faint">{c.name}</dt>
                <dd className="min-w-0">
                  <Value value={row[c.index] ?? null} column={c} />
                </dd>
              </div>
            ))}
          </dl>
        )}
      </div>
    </div>
  );
}

function Value({ value, column }: { value: Cell; column: GridColumn }) {
  if (value === null) return <span className="text-xs text-faint italic">NULL</span>;
  const text = String(value);
  // Text of a stream is often JSON without being of that type.
  if (column.kind === "json" || (column.kind === "text" && /^\s*[{[]/.test(text))) return <JsonView text={text} />;
  const at = isInstant(column.type) ? instant(value) : null;
  return (
    <div className="text-xs">
      <p className="font-mono break-words whitespace-pre-wrap">{column.kind === "text" ? text || <span className="text-faint italic">empty</span> : cellText(value, column)}</p>
      {at !== null && <p className="mt-1 text-faint">{exactTime(new Date(at))}</p>}
      {column.kind === "text" && text.length > 80 && <p className="mt-1 text-faint">{number(text.length)} characters</p>}
    </div>
  );
}
