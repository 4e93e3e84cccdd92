// A list of things that each have the same facts: a table where there is room, blocks below one another where there is little.
import type { ReactNode } from "react";
import { cx } from "@/ui/cx";

/** `grid` are the columns of the table, as a class: @min-[40rem]:grid-cols-[…], of the room that the list has. A column without a label has what can be done. */
export function Rows({ label, columns, grid, children }: { label: string; columns: readonly string[]; grid: string; children: ReactNode }) {
  return (
    <div role="table" aria-label={label} className="@container text-sm">
      <div role="rowgroup">
        <div role="row" className={cx(shape, grid, "border-b py-2 text-xs text-faint @max-[40rem]:sr-only")}>
          {columns.map((c) => (
            <div key={c} role="columnheader">
              {c || <span className="sr-only">Actions</span>}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className="divide-y">
        {children}
      </div>
    </div>
  );
}

const shape = "grid gap-x-4 px-4";

export function Row({ grid, children, muted }: { grid: string; children: ReactNode; muted?: boolean }) {
  return (
    <div role="row" className={cx(shape, grid, "relative grid-cols-2 items-center gap-y-2 py-2.5", muted && "text-muted")}>
      {children}
    </div>
  );
}

/** What a row is about: it has the first line for itself. */
export function Head({ children }: { children: ReactNode }) {
  return (
    <div role="cell" className="min-w-0 @max-[40rem]:col-span-2 @max-[40rem]:pr-20">
      {children}
    </div>
  );
}

/** A fact, with its name where no head of a column tells it. */
export function Cell({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div role="cell" className="min-w-0 break-words">
      <span aria-hidden className="block text-xs text-faint @min-[40rem]:hidden">
        {label}
      </span>
      {children}
    </div>
  );
}

/** What can be done: at the end of a row, or in the upper corner of a block. */
export function Deeds({ children }: { children: ReactNode }) {
  return (
    <div role="cell" className="flex justify-end @max-[40rem]:absolute @max-[40rem]:top-2 @max-[40rem]:right-3">
      {children}
    </div>
  );
}
