// The grid: keyboard, mouse, and which part of the rows is drawn.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useId, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent, type PointerEvent } from "react";
import { copy as copyToClipboard } from "@/lib/clipboard";
import { plural } from "@/lib/format";
import { cx } from "@/ui/cx";
import { Dialog } from "@/ui/dialog";
import { copyForms, copyText, toTSV, type CopyForm } from "../copy";
import type { Result } from "../result";
import type { Cell } from "../types";
import { fittingWidth } from "./cell";
import { Body } from "./body";
import { Details } from "./details";
import { FilterRow, Head } from "./head";
import type { Look } from "./look";
import { area, at, move, type At, type Selection } from "./selection";
import { useGrid } from "./state";
import { Toolbar } from "./toolbar";

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

interface Props {
  result: Result;
  compact?: boolean;
  look?: Look;
  onLook?: (look: Look | undefined) => void;
}

export default function Grid({ result, compact = false, look, onLook }: Props) {
  const id = useId();
  const grid = useGrid(result, compact, look, onLook);
  const { columns, places, rows, table } = grid;
  const scroller = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const [selection, setSelection] = useState<Selection>(at(0, 0));
  const [touched, setTouched] = useState(false);
  const [filters, setFilters] = useState(look?.filters !== undefined);
  const [details, setDetails] = useState(false);

  const rowHeight = compact ? 25 : 28;
  const gutter = compact ? 0 : 22 + 7 * String(rows.length).length;
  const headHeight = compact ? 28 : 42;
  const top = headHeight + (filters ? 34 : 0);
  const width = places.reduce((sum, p) => sum + p.width, gutter);

  const active = useMemo(() => ({ row: Math.min(selection.active.row, rows.length - 1), col: selection.active.col }), [selection.active, rows.length]);
  const across = useVirtualizer({ horizontal: true, useFlushSync: false, count: columns.length, getScrollElement: () => scroller.current, estimateSize: (i) => places[i]?.width ?? 100, overscan: 2, scrollMargin: gutter, scrollPaddingStart: gutter });
  useEffect(() => across.measure(), [across, places]);
  const firstColumn = across.getVirtualItems()[0]?.index ?? 0;
  const lastColumn = across.getVirtualItems().at(-1)?.index ?? -1;
  const shown = useMemo(() => {
    const list = Array.from({ length: lastColumn - firstColumn + 1 }, (_, i) => firstColumn + i);
    return list.includes(active.col) || active.col >= columns.length ? list : [...list, active.col];
  }, [firstColumn, lastColumn, active.col, columns.length]);
  const reveal = useCallback(
    ({ row, col }: At) => {
      const view = scroller.current;
      if (!view) return;
      if (row >= 0) view.scrollTop = Math.min(row * rowHeight, Math.max(view.scrollTop, (row + 1) * rowHeight + top - view.clientHeight));
      const place = places[col];
      if (place) view.scrollLeft = Math.min(place.left, Math.max(view.scrollLeft, place.left + place.width + gutter - view.clientWidth));
    },
    [rowHeight, top, places, gutter],
  );
  const go = (next: Selection) => {
    setSelection(next);
    setTouched(true);
    reveal(next.active);
  };
  // The details take room from the rows: the cell that they are about stays in sight.
  const latest = useRef({ reveal, active });
  latest.current = { reveal, active };
  useEffect(() => {
    if (details) latest.current.reveal(latest.current.active);
  }, [details]);
  const fit = (index: number) => {
    const column = columns[index];
    if (!column) return;
    table.setColumnSizing((old) => ({ ...old, [String(index)]: fittingWidth(column, result.rows, 900) }));
  };
  const cut = useMemo(() => area({ active, anchor: { row: Math.min(selection.anchor.row, rows.length - 1), col: selection.anchor.col } }), [active, selection.anchor, rows.length]);
  const selected = active.row < 0 ? 0 : (cut.bottom - cut.top + 1) * (cut.right - cut.left + 1);
  const rowAt = (n: number): readonly Cell[] => result.rows[rows[n] ?? -1] ?? [];
  const cells = () => Array.from(rows.subarray(cut.top, cut.bottom + 1), (r) => (result.rows[r] ?? []).slice(cut.left, cut.right + 1));
  const copy = (form: CopyForm, all: boolean) => {
    const text = all ? copyText(form, result.columns, Array.from(rows, (r) => result.rows[r] ?? [])) : copyText(form, result.columns.slice(cut.left, cut.right + 1), cells());
    const count = all ? rows.length : cut.bottom - cut.top + 1;
    void copyToClipboard(text, `${plural(count, "row")} copied as ${copyForms[form]}`);
  };

  const onKeyDown = (e: KeyboardEvent) => {
    if (e.target !== e.currentTarget) return;
    const mod = isMac ? e.metaKey : e.ctrlKey;
    const key = e.key;
    if (mod && key.toLowerCase() === "a") {
      e.preventDefault();
      setSelection({ anchor: { row: 0, col: 0 }, active: { row: rows.length - 1, col: columns.length - 1 } });
      return setTouched(true);
    }
    if (mod && key.toLowerCase() === "c") {
      if (selected === 0) return;
      e.preventDefault();
      return void copyToClipboard(toTSV(cells()), selected === 1 ? "Value copied" : `${plural(selected, "cell")} copied`);
    }
    if (mod && key.toLowerCase() === "f" && !compact) {
      e.preventDefault();
      return search.current?.focus();
    }
    if (active.row < 0 && e.shiftKey && (key === "ArrowLeft" || key === "ArrowRight")) {
      e.preventDefault();
      const size = Math.max(48, (places[active.col]?.width ?? 100) + (key === "ArrowLeft" ? -16 : 16));
      return table.setColumnSizing((old) => ({ ...old, [String(active.col)]: size }));
    }
    if (key === "Enter" || key === " ") {
      e.preventDefault();
      if (active.row < 0) return table.getColumn(String(active.col))?.toggleSorting(undefined, e.shiftKey);
      return setDetails(true);
    }
    if (key === "Escape") {
      if (details) setDetails(false);
      else if (selected > 1) setSelection(at(active.row, active.col));
      else return;
      return e.preventDefault();
    }
    const to = move(key, active, { rows: rows.length, cols: columns.length, page: Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 0) - top) / rowHeight) - 1) }, mod);
    if (!to) return;
    e.preventDefault();
    go(e.shiftKey && to.row >= 0 ? { active: to, anchor: selection.anchor.row < 0 ? to : selection.anchor } : { active: to, anchor: to });
  };

  const cellOf = (target: EventTarget): { row: number; col: number } | null => {
    const cell = (target as Element).closest<HTMLElement>("[data-col]");
    const row = cell?.closest<HTMLElement>("[data-row]");
    return cell && row ? { row: Number(row.dataset.row), col: Number(cell.dataset.col) } : null;
  };
  const onPointerDown = (e: PointerEvent) => {
    const to = e.button === 0 ? cellOf(e.target) : null;
    if (!to) return;
    setTouched(true);
    if (to.col < 0) setSelection({ anchor: { row: e.shiftKey ? selection.anchor.row : to.row, col: 0 }, active: { row: to.row, col: columns.length - 1 } });
    else setSelection({ active: to, anchor: e.shiftKey ? selection.anchor : to });
  };
  const onPointerOver = (e: PointerEvent) => {
    if (e.pointerType !== "mouse" || e.buttons !== 1 || table.state.columnResizing.isResizingColumn) return;
    const to = cellOf(e.target);
    if (to && to.col >= 0) setSelection((s) => ({ anchor: s.anchor, active: to }));
  };
  const onClick = (e: MouseEvent) => {
    const head = (e.target as Element).closest<HTMLElement>("[data-head]");
    if (!head) return;
    const index = Number(head.dataset.head);
    setSelection(at(-1, index));
    table.getColumn(String(index))?.toggleSorting(undefined, e.shiftKey);
  };

  const column = columns[active.col];
  const open = details && active.row >= 0 && column ? { row: rowAt(active.row), column } : null;
  const head = { grid, shown, id, compact, filters, fit, active: active.row < 0 && touched ? active.col : -1, place: (i: number) => ({ left: (places[i]?.left ?? 0) + gutter, width: places[i]?.width ?? 0 }) };
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      {!compact && <Toolbar grid={grid} total={result.rows.length} selected={selected} filters={filters} setFilters={setFilters} details={details} setDetails={setDetails} copy={copy} searchRef={search} />}
      <div className={cx("flex min-h-0 flex-1 flex-col overflow-hidden sm:flex-row", !compact && "rounded-md border")}>
        <div
          ref={scroller}
          role="grid"
          tabIndex={0}
          aria-label="Rows of the result"
          aria-rowcount={rows.length + 1}
          aria-colcount={columns.length}
          aria-multiselectable
          aria-activedescendant={!touched ? undefined : active.row < 0 ? `${id}-h-${active.col}` : rows.length ? `${id}-${active.row}-${active.col}` : undefined}
          onKeyDown={onKeyDown}
          onPointerDown={onPointerDown}
          onPointerOver={onPointerOver}
          onClick={onClick}
          onDoubleClick={(e) => cellOf(e.target) && setDetails(true)}
          onFocus={() => setTouched(true)}
          className="group/grid relative min-h-0 min-w-0 flex-1 overflow-auto bg-surface select-none focus-visible:outline-none"
        >
          <div role="rowgroup" style={{ width, height: top }} className="sticky top-0 z-2 min-w-full border-b bg-sunken">
            <div role="row" aria-rowindex={1} style={{ height: headHeight }} className="relative">
              {gutter > 0 && <div aria-hidden style={{ width: gutter }} className="sticky left-0 z-2 h-full border-r bg-sunken" />}
              <Head {...head} />
            </div>
            {filters && (
              <div role="row" className="relative h-8.5 border-t">
                {gutter > 0 && <div aria-hidden style={{ width: gutter }} className="sticky left-0 z-2 h-full border-r bg-sunken" />}
                <FilterRow {...head} />
              </div>
            )}
          </div>
          <Body scroller={scroller} all={result.rows} rows={rows} columns={columns} shown={shown} places={places} id={id} rowHeight={rowHeight} top={top} gutter={gutter} width={width} active={active} selected={touched && active.row >= 0 ? cut : null} />
          {rows.length === 0 && <p className="sticky left-0 p-6 text-center text-sm text-faint">{result.rows.length === 0 ? "No rows" : "No row passes the filters"}</p>}
        </div>
        {open && !compact && (
          <aside aria-label="Cell details" className="h-1/2 shrink-0 border-t sm:h-auto sm:w-80 sm:border-t-0 sm:border-l xl:w-96">
            <Details {...open} columns={columns} close={() => setDetails(false)} />
          </aside>
        )}
      </div>
      {open && compact && (
        <Dialog open onClose={() => setDetails(false)} title="Details">
          <Details {...open} columns={columns} />
        </Dialog>
      )}
    </div>
  );
}
