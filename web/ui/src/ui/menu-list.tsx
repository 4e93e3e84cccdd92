// What a menu shows once it is open: loaded when the first one is opened.
import { DropdownMenu as M } from "radix-ui";
import { useEffect, useState } from "react";
import { createPortal } from "react-dom";
import { cx } from "./cx";
import { landmarkOf } from "./landmark";
import type { MenuEntry } from "./menu";

/** The list, beside the place of its button. It closes when that place is scrolled away. */
export default function MenuList({ items, button, align, onClose }: { items: readonly MenuEntry[]; button: HTMLElement; align: "start" | "end"; onClose: () => void }) {
  const [at] = useState(() => button.getBoundingClientRect());
  useEffect(() => {
    const scrolled = (e: Event) => e.target instanceof Node && e.target.contains(button) && onClose();
    document.addEventListener("scroll", scrolled, true);
    return () => document.removeEventListener("scroll", scrolled, true);
  }, [button, onClose]);
  return (
    <M.Root open modal={false} onOpenChange={(open) => !open && onClose()}>
      {/* In the body: within a panel that is moved by a transform, it would be somewhere else. */}
      {createPortal(
        <M.Trigger asChild>
          <span aria-hidden className="pointer-events-none fixed" style={{ left: at.left, top: at.top, width: at.width, height: at.height }} />
        </M.Trigger>,
        document.body,
      )}
      <M.Portal container={landmarkOf(button)}>
        <M.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          aria-label={button.getAttribute("aria-label") ?? button.textContent ?? "Menu"}
          aria-labelledby={undefined}
          onCloseAutoFocus={(e) => e.preventDefault()}
          onInteractOutside={(e) => e.target instanceof Node && button.contains(e.target) && e.preventDefault()} // the button closes it itself
          className="z-50 max-h-(--radix-dropdown-menu-content-available-height) min-w-44 animate-rise overflow-auto rounded-md border bg-surface p-1 shadow-(--shadow-floating) outline-none"
        >
          {items.map((item, i) =>
            item === "-" ? (
              <M.Separator key={i} className="my-1 h-px bg-line" />
            ) : "heading" in item ? (
              <M.Label key={i} className="px-2 py-1 text-xs text-faint">
                {item.heading}
              </M.Label>
            ) : (
              <M.Item
                key={i}
                disabled={item.disabled}
                onSelect={item.run}
                className={cx("flex cursor-pointer items-center gap-2 rounded-sm px-2 py-1.5 text-sm outline-none data-[disabled]:cursor-default data-[disabled]:opacity-50 data-[highlighted]:bg-hover", item.danger && "text-bad")}
              >
                {item.icon && <item.icon size={14} aria-hidden />}
                <span className="flex-1">{item.label}</span>
                {item.checked && <span aria-label="chosen">✓</span>}
              </M.Item>
            ),
          )}
        </M.Content>
      </M.Portal>
    </M.Root>
  );
}
