import { memo } from "react";
import { cx } from "@/ui/cx";
import type { Cell } from "../types";
import { cellText, type GridColumn } from "./cell";
import type { Place } from "./state";

interface Props {
  row: readonly Cell[];
  /** Its place among the rows that are shown. */
  at: number;
  height: number;
  id: string;
  columns: readonly GridColumn[];
  shown: readonly number[];
  places: readonly Place[];
  gutter: number;
  /** The selected columns of this row: from 1 to 0 when there are none. */
  from: number;
  to: number;
  active: number;
}

/** One row. It is drawn again only when something of it changes: scrolling a hundred thousand of them hangs on that. */
export const Row = memo(function Row({ row, at, height, id, columns, shown, places, gutter, from, to, active }: Props) {
  return (
    <div role="row" aria-rowindex={at + 2} aria-selected={from <= to || undefined} data-row={at} style={{ top: at * height, height }} className="group/row absolute inset-x-0 border-b border-line/60 contain-strict">
      {shown.map((index) => {
        const column = columns[index];
        const place = places[index];
        if (!column || !place) return null;
        const value = row[index] ?? null;
        return (
          <div
            key={index}
            // Only what aria-activedescendant may speak of: writing ids takes time while one scrolls.
            id={index === active ? `${id}-${at}-${index}` : undefined}
            role="gridcell"
            aria-colindex={index + 1}
            aria-selected={(index >= from && index <= to) || undefined}
            data-col={index}
            style={{ left: place.left + gutter, width: place.width, lineHeight: `${height - 1}px` }}
            className={cx(
              "absolute inset-y-0 truncate border-r border-line/60 px-2 text-xs",
              column.kind === "number" && "text-right tabular",
              column.kind === "json" && "font-mono",
              column.kind === "time" && "tabular",
              index >= from && index <= to ? "bg-accent-soft" : "group-hover/row:bg-hover/60",
              index === active && "outline-1 -outline-offset-1 outline-edge group-focus-visible/grid:outline-2 group-focus-visible/grid:-outline-offset-2 group-focus-visible/grid:outline-accent",
            )}
          >
            {value === null ? <span className="text-2xs text-faint italic">NULL</span> : cellText(value, column)}
          </div>
        );
      })}
    </div>
  );
});
