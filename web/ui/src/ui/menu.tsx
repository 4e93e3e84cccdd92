import { DropdownMenu as M } from "radix-ui";
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./cx";

export interface MenuItem {
  label: ReactNode;
  icon?: LucideIcon;
  run: () => void;
  danger?: boolean;
  disabled?: boolean;
  checked?: boolean;
}

/** A menu behind a button. The child is the button; "-" draws a line. */
export function Menu({ items, children, align = "end" }: { items: readonly (MenuItem | "-" | { heading: string })[]; children: ReactNode; align?: "start" | "end" }) {
  return (
    <M.Root modal={false}>
      <M.Trigger asChild>{children}</M.Trigger>
      <M.Portal>
        <M.Content align={align} sideOffset={4} collisionPadding={8} className="z-50 max-h-(--radix-dropdown-menu-content-available-height) min-w-44 animate-rise overflow-auto rounded-md border bg-surface p-1 shadow-(--shadow-floating)">
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
