import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, type RefObject } from "react";
import type { Cell } from "../types";
import type { GridColumn } from "./cell";
import { Row } from "./row";
import type { At, area } from "./selection";
import type { Place } from "./state";

interface Props {
  scroller: RefObject<HTMLDivElement | null>;
  all: readonly (readonly Cell[])[];
  /** The numbers of the rows that are shown, in their order. */
  rows: Uint32Array;
  columns: readonly GridColumn[];
  shown: readonly number[];
  places: readonly Place[];
  id: string;
  rowHeight: number;
  /** The height of the head, which stands before the rows. */
  top: number;
  gutter: number;
  width: number;
  active: At;
  /** Null as long as the person has not been here. */
  selected: ReturnType<typeof area> | null;
}

const overscan = 3;
const nothing: readonly Cell[] = [];

/** The rows that can be seen, and a few more. Scrolling draws this part again and no other. */
export const Body = memo(function Body({ scroller, all, rows, columns, shown, places, id, rowHeight, top, gutter, width, active, selected }: Props) {
  // Rows come with the next frame, not within the scroll event, which would miss one now and then.
  const down = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => rowHeight, overscan, scrollMargin: top, useFlushSync: false });
  // A row takes the elements of one that went out of sight: they are changed, not made anew, and stay in their order.
  const pool = Math.ceil((down.scrollRect?.height ?? 0) / rowHeight) + 1 + 2 * overscan;
  const drawn = down
    .getVirtualItems()
    .map((i) => i.index)
    .sort((a, b) => (a % pool) - (b % pool));
  // The active cell is always there: it is what a screen reader is at.
  const away = active.row >= 0 && active.row < rows.length && !drawn.includes(active.row);
  const row = (at: number, key: string | number) => {
    const inside = selected !== null && at >= selected.top && at <= selected.bottom;
    return (
      <Row key={key} row={all[rows[at] ?? -1] ?? nothing} at={at} height={rowHeight} id={id} columns={columns} shown={shown} places={places} gutter={gutter} from={inside ? selected.left : 1} to={inside ? selected.right : 0} active={selected !== null && at === active.row ? active.col : -1} />
    );
  };
  return (
    <div role="rowgroup" style={{ width, height: rows.length * rowHeight }} className="relative min-w-full">
      {gutter > 0 && (
        // One strip for all numbers: what sticks is a layer of its own, and one in each row would slow scrolling down.
        <div aria-hidden style={{ width: gutter }} className="sticky left-0 z-1 h-full border-r bg-surface">
          {drawn.map((at) => (
            <div key={at % pool} data-row={at} data-col={-1} style={{ top: at * rowHeight, height: rowHeight, lineHeight: `${rowHeight - 1}px` }} className="absolute inset-x-0 border-b border-line/60 pr-2 text-right text-2xs text-faint tabular contain-strict">
              {at + 1}
            </div>
          ))}
        </div>
      )}
      {drawn.map((at) => row(at, at % pool))}
      {away && row(active.row, "active")}
    </div>
  );
});
