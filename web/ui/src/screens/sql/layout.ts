// How a person has arranged the screen, remembered by the browser.
import { useCallback, useState, useSyncExternalStore } from "react";
import { ownKey } from "@/api/who";

export const panels = ["tables", "saved", "history"] as const;
export type Panel = (typeof panels)[number];

export interface Layout {
  /** The panel at the side that was open last. */
  panel: Panel;
  /** Whether it stands beside the editor, where there is room. */
  open: boolean;
  /** The editor's share of the height, in percent. */
  editor: number;
}

const key = ownKey("helios.sql.layout");
const usual: Layout = { panel: "tables", open: true, editor: 36 };

function read(): Layout {
  try {
    const raw = JSON.parse(localStorage.getItem(key) ?? "{}") as Partial<Layout>;
    return {
      panel: panels.find((p) => p === raw.panel) ?? usual.panel,
      open: raw.open !== false,
      editor: typeof raw.editor === "number" && raw.editor >= 10 && raw.editor <= 85 ? raw.editor : usual.editor,
    };
  } catch {
    return usual;
  }
}

export function useLayout(): [Layout, (change: Partial<Layout>) => void] {
  const [layout, setLayout] = useState(read);
  const change = useCallback(
    (part: Partial<Layout>) =>
      setLayout((old) => {
        const next = { ...old, ...part };
        try {
          localStorage.setItem(key, JSON.stringify(next));
        } catch {
          // Without storage the arrangement lasts as long as the page.
        }
        return next;
      }),
    [],
  );
  return [layout, change];
}

const wide = matchMedia("(min-width: 1024px)");

/** True where the panel has room beside the editor; elsewhere it comes over it. */
export function useWide(): boolean {
  return useSyncExternalStore(
    (call) => {
      wide.addEventListener("change", call);
      return () => wide.removeEventListener("change", call);
    },
    () => wide.matches,
  );
}
