import { defaultRangeExtractor, useVirtualizer, type Range } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type MouseEvent, type RefObject } from "react";
import { duration, exactTime } from "@/lib/format";
import { useShortcuts, type Shortcut } from "@/lib/shortcuts";
import { EventDetail, EventLine } from "./event";
import type { Entry, TailLog } from "./log";

const line = 29; // with its border

interface Props {
  log: TailLog;
  entries: readonly Entry[];
  following: boolean;
  /** The pause ends when the person comes back to the newest event. */
  untilEnd: boolean;
  search: string;
  table: string;
  onPick: (condition: string) => void;
  onShard: (shard: string) => void;
}

/** The events, the newest at the end, where the list stays until somebody scrolls up or looks at one of them. */
export default function EventList({ log, entries, following, untilEnd, search, table, onPick, onShard }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [selected, setSelected] = useState<number | null>(null);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: () => box.current,
    estimateSize: () => line,
    overscan: 10,
    getItemKey: useCallback((i: number) => entries[i]?.id ?? i, [entries]),
    rangeExtractor: useCallback((range: Range) => (following ? last(range, box.current?.clientHeight ?? 0) : defaultRangeExtractor(range)), [following]),
  });
  const items = virtual.getVirtualItems();
  const height = virtual.getTotalSize();
  useEnd(box, log, following, untilEnd, entries, height);

  const toggle = useCallback(
    (id: number) => {
      log.pause("looking");
      setSelected(id);
      const at = entries.findIndex((e) => e.id === id);
      if (open.has(id) && at >= 0) virtual.resizeItem(at, line);
      setOpen((now) => {
        const next = new Set([...now].slice(-50));
        if (!next.delete(id)) next.add(id);
        return next;
      });
    },
    [log, entries, open, virtual],
  );
  // What was opened is seen as a whole, or from its beginning.
  useEffect(() => {
    if (selected === null || !open.has(selected)) return;
    const frame = requestAnimationFrame(() => {
      const item = box.current?.querySelector(`#event-${selected}`)?.parentElement?.getBoundingClientRect();
      const room = box.current?.getBoundingClientRect();
      if (!item || !room) return;
      if (item.top < room.top) box.current?.scrollBy({ top: item.top - room.top });
      else if (item.bottom > room.bottom) box.current?.scrollBy({ top: Math.min(item.bottom - room.bottom, item.top - room.top) });
    });
    return () => cancelAnimationFrame(frame);
  }, [open, selected]);
  const move = useCallback(
    (step: 1 | -1) => {
      log.pause("looking");
      const at = entries.findIndex((e) => e.id === selected);
      let next = at < 0 ? entries.length - 1 : at + step;
      while (entries[next] && !("event" in entries[next]!)) next += step;
      const entry = entries[next];
      if (!entry) return;
      setSelected(entry.id);
      const to = virtual.getOffsetForIndex(next, "auto");
      if (to && box.current) box.current.scrollTop = to[0];
    },
    [log, entries, selected, virtual],
  );
  const shortcuts = useMemo<Shortcut[]>(
    () => [
      { keys: "arrowup", label: "The event before", group: "Live tail", run: () => move(-1) },
      { keys: "arrowdown", label: "The next event", group: "Live tail", run: () => move(1) },
      { keys: "enter", label: "Open or close the event", group: "Live tail", run: () => selected !== null && toggle(selected) },
    ],
    [move, toggle, selected],
  );
  useShortcuts(shortcuts);

  const rowAt = (e: MouseEvent) => (e.target as Element).closest<HTMLElement>("[data-event]");
  const click = (e: MouseEvent) => {
    const row = rowAt(e);
    if (row && !getSelection()?.toString()) toggle(Number(row.dataset.event));
  };
  const shown = selected !== null && items.some((i) => entries[i.index]?.id === selected);
  return (
    <div className="flex min-h-0 flex-1 flex-col overflow-hidden rounded-lg border bg-surface">
      <div aria-hidden className="flex gap-3 border-b px-3 py-1.5 text-xs text-faint">
        <span className="w-20 shrink-0">Arrived</span>
        <span className="w-11 shrink-0">Shard</span>
        <span>Event</span>
      </div>
      <div ref={box} role="treegrid" tabIndex={0} aria-label="Events" aria-rowcount={-1} aria-activedescendant={shown ? `event-${selected}` : undefined} onPointerDown={(e) => rowAt(e) && log.pause("looking")} onClick={click} className="relative min-h-0 flex-1 overflow-y-auto [overflow-anchor:none]">
        <div style={{ height }}>
          <div style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
            {items.map((item) => {
              const entry = entries[item.index];
              if (!entry) return null;
              if (!("event" in entry)) return <Gap key={entry.id} gap={entry.gap} />;
              const isOpen = open.has(entry.id);
              return (
                <div key={entry.id} data-index={item.index} ref={isOpen ? virtual.measureElement : undefined} className="border-b border-line/60">
                  <EventLine id={entry.id} event={entry.event} search={search} selected={entry.id === selected} open={isOpen} />
                  {isOpen && (
                    <div role="row" aria-level={2} className="border-t bg-sunken">
                      <div role="gridcell">
                        <EventDetail event={entry.event} table={table} onPick={onPick} onShard={onShard} />
                      </div>
                    </div>
                  )}
                </div>
              );
            })}
          </div>
        </div>
      </div>
    </div>
  );
}

/** The end of the list, wherever it is scrolled to: while it follows, it is scrolled there only after the rows have come. */
function last({ count, overscan }: Range, height: number): number[] {
  const first = Math.max(0, count - Math.ceil(height / line) - overscan);
  return Array.from({ length: count - first }, (_, i) => first + i);
}

function Gap({ gap }: { gap: { from: number; to: number } }) {
  return (
    <div role="row" aria-level={1} className="flex h-7 items-center bg-warn-soft px-3 text-xs text-warn">
      <span role="gridcell" className="truncate" title={`${exactTime(new Date(gap.from))} to ${exactTime(new Date(gap.to))}`}>
        The connection was lost for {duration(gap.to - gap.from)}: what came meanwhile is not shown here
      </span>
    </div>
  );
}

/** Stays at the end while the list follows. Scrolling up pauses; coming back to the end goes on. */
function useEnd(box: RefObject<HTMLDivElement | null>, log: TailLog, following: boolean, untilEnd: boolean, entries: readonly Entry[], height: number) {
  const last = useRef(0); // where it was scrolled to
  useLayoutEffect(() => () => void (last.current = 0), []); // a list that is attached anew begins at its top, which nobody scrolled to
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || !following) return;
    // Where many events come, what a person scrolls is seen here sooner than it is told.
    if (element.scrollTop < last.current - 1 && behind(element) > 1) return log.pause("scrolled");
    element.scrollTop = height;
    last.current = element.scrollTop;
  }, [box, log, following, entries, height]);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const scrolled = () => {
      const up = element.scrollTop < last.current - 1;
      last.current = element.scrollTop;
      if (following && up && behind(element) > 1) log.pause("scrolled");
      else if (untilEnd && !up && behind(element) < 2) log.resume();
    };
    const wheeled = (e: WheelEvent) => following && e.deltaY < 0 && element.scrollTop > 0 && log.pause("scrolled");
    element.addEventListener("scroll", scrolled, { passive: true });
    element.addEventListener("wheel", wheeled, { passive: true });
    return () => {
      element.removeEventListener("scroll", scrolled);
      element.removeEventListener("wheel", wheeled);
    };
  }, [box, log, following, untilEnd]);
}

/** How far it is to the end. */
function behind(element: HTMLElement): number {
  return element.scrollHeight - element.clientHeight - element.scrollTop;
}
