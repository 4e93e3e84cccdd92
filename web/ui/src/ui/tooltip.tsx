import { Tooltip as T } from "radix-ui";
import { useRef, useState, type ReactNode } from "react";
import { landmarkOf } from "./landmark";

/** A short text beside what it explains, on hover and on focus. The child takes a ref. */
export function Tooltip({ text, side = "bottom", children }: { text: ReactNode; side?: "top" | "bottom" | "left" | "right"; children: ReactNode }) {
  const trigger = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  return (
    <T.Root open={open} onOpenChange={setOpen}>
      {/* Focus that came back by itself, as from a menu, is not asking for an explanation. */}
      <T.Trigger ref={trigger} asChild onFocus={(e) => !e.currentTarget.matches(":focus-visible") && e.preventDefault()}>
        {children}
      </T.Trigger>
      {open && (
        <T.Portal container={landmarkOf(trigger.current)}>
          <T.Content side={side} sideOffset={5} collisionPadding={8} className="z-50 max-w-80 animate-rise rounded-md bg-ink px-2 py-1 text-xs text-ground shadow-(--shadow-floating)">
            {text}
          </T.Content>
        </T.Portal>
      )}
    </T.Root>
  );
}

export const TooltipProvider = T.Provider;
