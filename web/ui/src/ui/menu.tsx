import type { LucideIcon } from "lucide-react";
import { cloneElement, Suspense, useState, type ReactElement, type ReactNode } from "react";
import { lazy } from "@/lib/lazy";

export interface MenuItem {
  label: ReactNode;
  icon?: LucideIcon;
  run: () => void;
  danger?: boolean;
  disabled?: boolean;
  checked?: boolean;
}

/** An item, a line, or a heading. */
export type MenuEntry = MenuItem | "-" | { heading: string };

const load = () => import("./menu-list");
const MenuList = lazy(load);

interface Trigger {
  "aria-haspopup"?: "menu";
  "aria-expanded"?: boolean;
  onClick?: (e: React.MouseEvent<HTMLElement>) => void;
  onKeyDown?: (e: React.KeyboardEvent<HTMLElement>) => void;
  onPointerEnter?: () => void;
  onFocus?: () => void;
}

/** A menu behind a button. The child is the button; "-" draws a line, false nothing. The list itself comes when a hand is near the button. */
export function Menu({ items, children, align = "end" }: { items: readonly (MenuEntry | false)[]; children: ReactElement<Trigger>; align?: "start" | "end" }) {
  const [button, open] = useState<HTMLElement | null>(null); // while the menu is open
  const close = () => {
    open(null);
    button?.focus({ preventScroll: true });
  };
  const near = () => void load().catch(() => undefined);
  return (
    <>
      {cloneElement(children, {
        "aria-haspopup": "menu",
        "aria-expanded": button !== null,
        onPointerEnter: near,
        onFocus: near,
        onClick: (e) => (button ? close() : open(e.currentTarget)),
        onKeyDown: (e) => {
          if (e.key !== "ArrowDown") return;
          e.preventDefault();
          open(e.currentTarget);
        },
      })}
      <Suspense fallback={null}>{button && <MenuList items={shown(items)} button={button} align={align} onClose={close} />}</Suspense>
    </>
  );
}

/** The entries that are there, with lines only between them. */
function shown(items: readonly (MenuEntry | false)[]): MenuEntry[] {
  const all = items.filter((i) => i !== false);
  return all.filter((item, i) => item !== "-" || (i > 0 && all[i - 1] !== "-" && i < all.length - 1));
}
