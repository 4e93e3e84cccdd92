import { useRef } from "react";

/** The line between two parts one above the other: dragged, or moved with the arrow keys. `share` is the upper part's, in percent. */
export function Splitter({ share, onChange, min = 15, max = 80, label }: { share: number; onChange: (share: number) => void; min?: number; max?: number; label: string }) {
  const line = useRef<HTMLDivElement>(null);
  const to = (next: number) => onChange(Math.round(Math.min(max, Math.max(min, next))));
  return (
    <div
      ref={line}
      role="separator"
      aria-orientation="horizontal"
      aria-label={label}
      aria-valuenow={share}
      aria-valuemin={min}
      aria-valuemax={max}
      tabIndex={0}
      className="group relative z-10 -my-1 flex h-2 shrink-0 cursor-row-resize touch-none items-center"
      onKeyDown={(e) => {
        const step = { ArrowUp: -4, ArrowDown: 4, PageUp: -15, PageDown: 15 }[e.key];
        if (step === undefined) return;
        e.preventDefault();
        to(share + step);
      }}
      onPointerDown={(e) => e.currentTarget.setPointerCapture(e.pointerId)}
      onPointerMove={(e) => {
        const box = line.current?.parentElement?.getBoundingClientRect();
        if (box && e.currentTarget.hasPointerCapture(e.pointerId)) to(((e.clientY - box.top) / box.height) * 100);
      }}
    >
      <span className="h-px w-full bg-line transition-colors group-hover:bg-accent group-focus-visible:bg-accent" />
    </div>
  );
}
