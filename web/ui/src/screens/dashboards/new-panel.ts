import { room } from "./layout";
import type { Panel, SavedQuery } from "./queries";

/** A panel for a query, where there is room, as large as its chart wants. */
export function panelFor(query: SavedQuery, panels: readonly Panel[]): Panel {
  const kind = query.chart?.kind;
  const [w, h] = kind === "number" ? [3, 3] : kind === "pie" ? [4, 7] : [6, 7];
  const taken = new Set(panels.map((p) => p.id));
  let id = query.id;
  for (let n = 2; taken.has(id); n++) id = `${query.id}-${n}`;
  return { id, title: query.name, query: query.id, layout: room(panels, w, h) };
}
