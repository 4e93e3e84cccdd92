// Where panels are on the grid of 12 columns. Panels fall up as far as they can, here as in the grid that is dragged in.

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}
export interface Placed {
  id: string;
  layout: Box;
}
export const columns = 12;
export const rowHeight = 40;
export const gap = 12;
const tallest = 40;

export type Step = "left" | "right" | "up" | "down" | "wider" | "narrower" | "taller" | "shorter";

const collides = (a: Box, b: Box) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
export const same = (a: Box, b: Box) => a.x === b.x && a.y === b.y && a.w === b.w && a.h === b.h;
const overlap = (a: Box, b: Box) => a.x < b.x + b.w && b.x < a.x + a.w;

/** The panels in the order in which they are read. */
export function inOrder<T extends Placed>(panels: readonly T[]): T[] {
  return [...panels].sort((a, b) => a.layout.y - b.layout.y || a.layout.x - b.layout.x);
}

/** Moves every panel up as far as it goes, and those that overlap apart; `first` goes before others at its height. */
export function compact<T extends Placed>(panels: readonly T[], first?: string): T[] {
  const done: Box[] = [];
  const places = new Map<string, Box>();
  const order = [...panels].sort((a, b) => a.layout.y - b.layout.y || Number(b.id === first) - Number(a.id === first) || a.layout.x - b.layout.x);
  for (const p of order) {
    const w = Math.min(columns, Math.max(1, p.layout.w));
    const box = { w, h: Math.max(1, p.layout.h), x: Math.min(columns - w, Math.max(0, p.layout.x)), y: Math.max(0, Math.ceil(p.layout.y)) };
    box.y = Math.min(box.y, done.reduce((low, d) => Math.max(low, d.y + d.h), 0));
    while (box.y > 0 && !done.some((d) => collides({ ...box, y: box.y - 1 }, d))) box.y--;
    for (let hit = done.find((d) => collides(box, d)); hit; hit = done.find((d) => collides(box, d))) box.y = hit.y + hit.h;
    done.push(box);
    places.set(p.id, box);
  }
  return panels.map((p) => ({ ...p, layout: places.get(p.id) ?? p.layout }));
}

/** A panel moved or resized by one step. Up and down it changes places with the panel that is there. */
export function step<T extends Placed>(panels: readonly T[], id: string, how: Step): T[] {
  const panel = panels.find((p) => p.id === id);
  if (!panel) return [...panels];
  const at = panel.layout;
  const near = panels.filter((p) => p.id !== id && overlap(p.layout, at)).map((p) => p.layout);
  const to = { ...at };
  switch (how) {
    case "left":
      to.x = Math.max(0, at.x - 1);
      break;
    case "right":
      to.x = Math.min(columns - at.w, at.x + 1);
      break;
    case "up": {
      const above = near.filter((b) => b.y < at.y);
      // Before the lowest one above: half a row is enough to come first.
      if (above.length) to.y = Math.max(...above.map((b) => b.y)) - 0.5;
      break;
    }
    case "down": {
      const below = near.filter((b) => b.y > at.y);
      if (below.length) to.y = Math.min(...below.map((b) => b.y)) + 0.5;
      break;
    }
    case "wider":
      to.w = Math.min(columns - at.x, at.w + 1);
      break;
    case "narrower":
      to.w = Math.max(2, at.w - 1);
      break;
    case "taller":
      to.h = Math.min(tallest, at.h + 1);
      break;
    case "shorter":
      to.h = Math.max(2, at.h - 1);
      break;
  }
  return compact(panels.map((p) => (p.id === id ? { ...p, layout: to } : p)), id);
}

/** The first place that has room for a new panel. */
export function room(panels: readonly Placed[], w: number, h: number): Box {
  const bottom = panels.reduce((low, p) => Math.max(low, p.layout.y + p.layout.h), 0);
  for (let y = 0; y < bottom; y++) {
    for (let x = 0; x + w <= columns; x++) {
      const box = { x, y, w, h };
      if (!panels.some((p) => collides(box, p.layout))) return box;
    }
  }
  return { x: 0, y: bottom, w, h };
}
