import { cloneElement, useEffect, useId, useLayoutEffect, useRef, useState, type HTMLAttributes, type ReactElement, type ReactNode } from "react";
import { createPortal } from "react-dom";
import { landmarkOf } from "./landmark";

const patience = 350; // ms over something before it is explained
const grace = 120; // ms to go from it to its explanation
let closeLast: (() => void) | undefined; // one is open at most
let closedAt = 0;

/** A short text beside what it explains, on hover and on focus. */
export function Tooltip({ text, children }: { text: ReactNode; children: ReactElement<HTMLAttributes<HTMLElement>> }) {
  const id = useId();
  const [at, setAt] = useState<HTMLElement | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const after = (ms: number, then: () => void) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(then, ms);
  };
  const close = () => {
    clearTimeout(timer.current);
    if (at) closedAt = Date.now();
    setAt(null);
  };
  const open = (on: HTMLElement) => {
    clearTimeout(timer.current);
    closeLast?.();
    closeLast = () => setAt(null);
    setAt(on);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  const own = children.props;
  return (
    <>
      {cloneElement(children, {
        "aria-describedby": at ? id : own["aria-describedby"],
        onPointerEnter: (e) => {
          own.onPointerEnter?.(e);
          const on = e.currentTarget;
          if (e.pointerType !== "touch") after(Date.now() - closedAt < patience ? 0 : patience, () => open(on));
        },
        onPointerLeave: (e) => {
          own.onPointerLeave?.(e);
          after(grace, close);
        },
        onPointerDown: (e) => {
          own.onPointerDown?.(e);
          close();
        },
        onClick: (e) => {
          own.onClick?.(e);
          close();
        },
        onFocus: (e) => {
          own.onFocus?.(e);
          // Focus that came back by itself, as from a menu, is not asking for an explanation.
          if (e.currentTarget.matches(":focus-visible")) open(e.currentTarget);
        },
        onBlur: (e) => {
          own.onBlur?.(e);
          close();
        },
      })}
      {at &&
        createPortal(
          <Box id={id} at={at} close={close} stay={() => clearTimeout(timer.current)} leave={() => after(grace, close)}>
            {text}
          </Box>,
          landmarkOf(at) ?? document.body,
        )}
    </>
  );
}

const gap = 5;
const margin = 8; // to the edges of the window

function Box({ id, at, close, stay, leave, children }: { id: string; at: HTMLElement; close: () => void; stay: () => void; leave: () => void; children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const here = box.current;
    if (!here) return;
    here.showPopover(); // above all that is open, and placed in the window whatever it is within
    const place = placed(at.getBoundingClientRect(), here.getBoundingClientRect());
    here.style.left = `${place.left}px`;
    here.style.top = `${place.top}px`;
  }, [at, children]);
  useEffect(() => {
    const scrolled = (e: Event) => e.target instanceof Node && e.target.contains(at) && close();
    const escape = (e: KeyboardEvent) => {
      if (e.key !== "Escape") return;
      e.stopPropagation(); // what lies below stays
      close();
    };
    document.addEventListener("scroll", scrolled, true);
    window.addEventListener("keydown", escape, true);
    return () => {
      document.removeEventListener("scroll", scrolled, true);
      window.removeEventListener("keydown", escape, true);
    };
  }, [at, close]);
  return (
    <div
      ref={box}
      id={id}
      role="tooltip"
      popover="manual"
      onPointerEnter={stay}
      onPointerLeave={leave}
      className="fixed inset-auto m-0 max-w-80 animate-rise rounded-md border-0 bg-ink px-2 py-1 text-xs text-ground shadow-(--shadow-floating)"
    >
      {children}
    </div>
  );
}

/** Below it, or above where there is no room; within the window. */
function placed(at: DOMRect, box: DOMRect): { left: number; top: number } {
  const below = at.bottom + gap;
  const fits = below + box.height + margin <= innerHeight || at.top < innerHeight - at.bottom;
  const within = (v: number, most: number) => Math.max(margin, Math.min(v, most - margin));
  return { left: within(at.left + at.width / 2 - box.width / 2, innerWidth - box.width), top: within(fits ? below : at.top - gap - box.height, innerHeight - box.height) };
}
