import { ArrowDown, ArrowUp } from "lucide-react";
import { cx } from "@/ui/cx";
import type { Grid, Place } from "./state";

interface Props {
  grid: Grid;
  shown: readonly number[];
  place: (index: number) => Place;
  id: string;
  compact: boolean;
  filters: boolean;
  /** The column of the head that the person is at, or -1. */
  active: number;
  fit: (index: number) => void;
}

/** The names and types of the columns; a click sorts, the edge resizes. */
export function Head({ grid, shown, place, id, compact, active, fit }: Props) {
  const { sorting } = grid.table.state;
  return shown.map((index) => {
    const column = grid.columns[index];
    const state = grid.table.getColumn(String(index));
    const header = grid.table.getLeafHeaders()[index];
    if (!column || !state || !header) return null;
    const sorted = state.getIsSorted();
    const rank = sorting.length > 1 && sorted ? sorting.findIndex((s) => s.id === String(index)) + 1 : 0;
    const Arrow = sorted === "desc" ? ArrowDown : ArrowUp;
    return (
      <div
        key={index}
        id={`${id}-h-${index}`}
        role="columnheader"
        aria-colindex={index + 1}
        aria-sort={sorted === "asc" ? "ascending" : sorted === "desc" ? "descending" : undefined}
        data-head={index}
        title={`${column.name || "(no name)"}: ${column.type}`}
        style={place(index)}
        className={cx(
          "absolute inset-y-0 flex cursor-pointer border-r bg-sunken px-2 select-none hover:bg-hover",
          compact ? "items-center gap-1.5" : "flex-col justify-center",
          column.kind === "number" && (compact ? "justify-end" : "items-end"),
          index === active && "z-1 group-focus-visible/grid:outline-2 group-focus-visible/grid:-outline-offset-2 group-focus-visible/grid:outline-accent",
        )}
      >
        <span className="flex max-w-full items-center gap-1">
          <span className="truncate text-xs font-semibold">{column.name || <span className="text-faint italic">no name</span>}</span>
          {sorted && <Arrow size={12} className="shrink-0 text-accent" aria-hidden />}
          {rank > 0 && <span className="text-2xs text-faint">{rank}</span>}
        </span>
        {!compact && <span className="max-w-full truncate font-mono text-2xs text-faint">{column.type.toLowerCase()}</span>}
        <span
          aria-hidden
          data-resize
          onPointerDown={(e) => e.stopPropagation()}
          onMouseDown={header.getResizeHandler()}
          onTouchStart={header.getResizeHandler()}
          onClick={(e) => e.stopPropagation()}
          onDoubleClick={() => fit(index)}
          className={cx("absolute inset-y-0 -right-1 z-1 w-2 cursor-col-resize touch-none hover:bg-accent/40", state.getIsResizing() && "bg-accent/40")}
        />
      </div>
    );
  });
}

/** A filter for each column, below its name. */
export function FilterRow({ grid, shown, place }: Pick<Props, "grid" | "shown" | "place">) {
  return shown.map((index) => {
    const column = grid.columns[index];
    const state = grid.table.getColumn(String(index));
    if (!column || !state) return null;
    return (
      <div key={index} role="gridcell" aria-colindex={index + 1} style={place(index)} className="absolute inset-y-0 border-r bg-sunken p-1">
        <input
          value={(state.getFilterValue() as string | undefined) ?? ""}
          onChange={(e) => state.setFilterValue(e.target.value || undefined)}
          // The grid's own keys are those of its cells.
          onKeyDown={(e) => e.stopPropagation()}
          aria-label={`Filter ${column.name}`}
          placeholder={column.kind === "number" || column.kind === "time" ? "> < = a..b" : "contains"}
          title="Text that the value holds; =x !=x >x <=x compare; a..b is a range; null and !null"
          spellCheck={false}
          className="h-full w-full rounded-sm border border-edge bg-surface px-1.5 text-xs placeholder:text-faint"
        />
      </div>
    );
  });
}
