import { Move } from "lucide-react";
import { Suspense, useState, useSyncExternalStore, type CSSProperties, type KeyboardEvent, type ReactNode } from "react";
import { lazy } from "@/lib/lazy";
import { Tooltip } from "@/ui/tooltip";
import { compact, gap, inOrder, rowHeight, same, step, type Box, type Step } from "./layout";
import { Panel } from "./panel";
import type { Panel as PanelType, SavedQuery } from "./queries";
import type { Range } from "./range";

const EditGrid = lazy(() => import("./grid-edit"));

interface Props {
  panels: PanelType[];
  queries: readonly SavedQuery[] | undefined;
  range: Range;
  refresh: number;
  /** Panels can be moved and resized. */
  editing: boolean;
  /** Absent for who may not change them. */
  change?: (panels: PanelType[]) => void;
  edit: (panel: PanelType) => void;
  enlarge: (panel: PanelType) => void;
}

// Where panels are below each other, there is nowhere to drag them.
const wideEnough = matchMedia("(min-width: 640px)");
function onWidth(call: () => void) {
  wideEnough.addEventListener("change", call);
  return () => wideEnough.removeEventListener("change", call);
}

const keys: Record<string, [plain: Step, shifted: Step]> = {
  ArrowLeft: ["left", "narrower"],
  ArrowRight: ["right", "wider"],
  ArrowUp: ["up", "shorter"],
  ArrowDown: ["down", "taller"],
};

/** Where a panel is on a wide screen, and how high it is on a narrow one. */
function place({ x, y, w, h }: Box): CSSProperties {
  return { "--area": `${y + 1} / ${x + 1} / span ${h} / span ${w}`, "--px": `${h * (rowHeight + gap) - gap}px` } as CSSProperties;
}

/** The panels at their places; on a narrow screen one below the other. */
export default function Panels({ panels: all, queries, range, refresh, editing, change, edit, enlarge }: Props) {
  const panels = compact(all);
  const wide = useSyncExternalStore(onWidth, () => wideEnough.matches);
  const [said, setSaid] = useState("");
  const onKey = (panel: PanelType) => (e: KeyboardEvent) => {
    const how = keys[e.key]?.[e.shiftKey ? 1 : 0];
    if (!how || !change) return;
    e.preventDefault();
    const next = step(panels, panel.id, how);
    change(next);
    const at = next.find((p) => p.id === panel.id)?.layout;
    if (at) setSaid(`${panel.title}: column ${at.x + 1}, row ${at.y + 1}, ${at.w} wide, ${at.h} high`);
  };
  const shown = (panel: PanelType, grip?: ReactNode) => (
    <Panel panel={panel} query={queries ? queries.find((q) => q.id === panel.query) : null} range={range} refresh={refresh} grip={grip} enlarge={() => enlarge(panel)} {...(change && { edit: () => edit(panel), remove: () => change(compact(panels.filter((p) => p.id !== panel.id))) })} />
  );
  const still = (
    <div className="grid grid-cols-1 gap-3 sm:auto-rows-[40px] sm:grid-cols-12">
      {inOrder(panels).map((p) => (
        <div key={p.id} style={place(p.layout)} className="h-(--px) min-w-0 sm:[grid-area:var(--area)] sm:h-auto">
          {shown(p)}
        </div>
      ))}
    </div>
  );
  if (!editing || !change || !wide) return still;
  return (
    <>
      <p className="sr-only" role="status">
        {said}
      </p>
      <Suspense fallback={still}>
        <EditGrid
          panels={panels}
          onMove={(layouts) => {
            // The grid tells its layout when it begins, too: that is no change.
            if (panels.some((p) => !same(p.layout, layouts.get(p.id) ?? p.layout))) change(panels.map((p) => ({ ...p, layout: layouts.get(p.id) ?? p.layout })));
          }}
          render={(p) =>
            shown(
              p,
              <Tooltip text="Drag, or with the arrow keys: move; with Shift: resize">
                <button type="button" data-grip aria-label={`Move or resize ${p.title} with the arrow keys`} onKeyDown={onKey(p)} className="grid size-6 cursor-grab place-items-center rounded-md text-faint hover:bg-hover hover:text-ink">
                  <Move size={14} aria-hidden />
                </button>
              </Tooltip>,
            )
          }
        />
      </Suspense>
    </>
  );
}
