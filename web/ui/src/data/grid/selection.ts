// Where the person is in a grid, and what is selected. Row -1 is the head.
export interface At {
  row: number;
  col: number;
}
export interface Selection {
  active: At;
  /** The other corner of what is selected. */
  anchor: At;
}
export interface Bounds {
  rows: number;
  cols: number;
  /** Rows that are seen at once. */
  page: number;
}

export function at(row: number, col: number): Selection {
  return { active: { row, col }, anchor: { row, col } };
}

/** The selected rectangle, both ends included; the head is never part of it. */
export function area({ active, anchor }: Selection): { top: number; bottom: number; left: number; right: number } {
  return {
    top: Math.max(0, Math.min(active.row, anchor.row)),
    bottom: Math.max(active.row, anchor.row),
    left: Math.min(active.col, anchor.col),
    right: Math.max(active.col, anchor.col),
  };
}

/** Where a key leads to, or null when it is no key that moves. */
export function move(key: string, from: At, bounds: Bounds, far: boolean): At | null {
  const bottom = bounds.rows - 1;
  const right = bounds.cols - 1;
  const to = { ...from };
  switch (key) {
    case "ArrowUp":
      to.row = far ? Math.min(from.row, 0) : from.row - 1;
      break;
    case "ArrowDown":
      to.row = far ? bottom : from.row + 1;
      break;
    case "ArrowLeft":
      to.col = far ? 0 : from.col - 1;
      break;
    case "ArrowRight":
      to.col = far ? right : from.col + 1;
      break;
    case "PageUp":
      to.row = Math.max(Math.min(0, from.row), from.row - bounds.page);
      break;
    case "PageDown":
      to.row = from.row + bounds.page;
      break;
    case "Home":
      to.col = 0;
      if (far) to.row = 0;
      break;
    case "End":
      to.col = right;
      if (far) to.row = bottom;
      break;
    default:
      return null;
  }
  return { row: Math.min(bottom, Math.max(-1, to.row)), col: Math.min(right, Math.max(0, to.col)) };
}
