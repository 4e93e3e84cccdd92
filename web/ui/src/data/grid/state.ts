// A grid's columns: widths, sorting and filters are kept by TanStack Table. The rows are not given to it: it would make an
// object of each, and a hundred thousand rows are sorted as numbers much faster (see order.ts).
import { columnFilteringFeature, columnResizingFeature, columnSizingFeature, globalFilteringFeature, rowSortingFeature, tableFeatures, useTable } from "@tanstack/react-table";
import { useDeferredValue, useMemo, useRef, useState } from "react";
import type { Result } from "../result";
import { kindOf, type Cell } from "../types";
import { fittingWidth, fractionDigits, gridColumn, type GridColumn } from "./cell";
import { toLook, toLooked, type Look, type Looked } from "./look";
import { order } from "./order";

const features = tableFeatures({ columnFilteringFeature, columnResizingFeature, columnSizingFeature, globalFilteringFeature, rowSortingFeature });
const none: Cell[][] = [];

/** Without somebody who keeps its look, a grid keeps it itself. */
export function useGrid(result: Result, compact: boolean, look?: Look, onLook?: (look: Look | undefined) => void) {
  // A grid is made anew for other columns. The widths of a live result stay as its first rows had them.
  const digits = useMemo(() => result.columns.map((c, i) => fractionDigits(kindOf(c.type), result.rows, i)).join(), [result]);
  const [names] = useState(result.columns);
  const columns = useMemo(() => names.map((c, i) => gridColumn(c, i, kindOf(c.type), Number(digits.split(",")[i]))), [names, digits]);
  const [defs] = useState(() => columns.map((c) => ({ id: String(c.index), accessorFn: () => null, size: fittingWidth(c, result.rows, compact ? 260 : 360), minSize: 48, maxSize: 2000, sortDescFirst: false })));
  const [own, setOwn] = useState<Look>();
  const now = onLook ? look : own;
  const state = useMemo(() => toLooked(now, columns), [now, columns]);
  const latest = useRef(state);
  latest.current = state;
  // Several changes may come before the next drawing.
  const keep = (change: Partial<Looked>) => {
    latest.current = { ...latest.current, ...change };
    (onLook ?? setOwn)(toLook(latest.current, columns));
  };
  const table = useTable({
    features,
    columns: defs,
    data: none,
    state,
    onSortingChange: (u) => keep({ sorting: typeof u === "function" ? u(latest.current.sorting) : u }),
    onColumnFiltersChange: (u) => keep({ columnFilters: typeof u === "function" ? u(latest.current.columnFilters) : u }),
    onGlobalFilterChange: (u: unknown) => keep({ globalFilter: String((typeof u === "function" ? (u as (old: string) => unknown)(latest.current.globalFilter) : u) ?? "") }),
    manualSorting: true,
    manualFiltering: true,
    columnResizeMode: "onChange",
    isMultiSortEvent: (e: unknown) => (e as { shiftKey?: boolean }).shiftKey === true,
  });
  const { columnSizing } = table.state;
  const { sorting, columnFilters, globalFilter: anywhere } = state;

  const asked = useMemo(() => ({ sorting, columnFilters, anywhere }), [sorting, columnFilters, anywhere]);
  // Typing goes on while the rows are looked through.
  const done = useDeferredValue(asked);
  const rows = useMemo(
    () =>
      order(
        result,
        done.sorting.map((s) => ({ column: Number(s.id), descending: s.desc })),
        { anywhere: done.anywhere, columns: new Map(done.columnFilters.map((f) => [Number(f.id), String(f.value)])) },
      ),
    [result, done],
  );
  const places = useMemo(() => {
    let x = 0;
    return defs.map((d) => {
      const width = columnSizing[d.id] ?? d.size;
      const place = { left: x, width };
      x += width;
      return place;
    });
  }, [defs, columnSizing]);
  return { columns, table, rows, places, anywhere, filtered: anywhere !== "" || columnFilters.length > 0 };
}

export type Grid = ReturnType<typeof useGrid>;
export type Place = { left: number; width: number };
export type { GridColumn };
