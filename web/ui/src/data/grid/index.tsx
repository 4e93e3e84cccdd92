import { Suspense } from "react";
import { lazy } from "@/lib/lazy";
import type { Result } from "../result";
import type { Look } from "./look";

export { readLook, type Look } from "./look";

const Grid = lazy(() => import("./grid"));

/**
 * The rows of a result: sorted, filtered and copied here, whatever their number. It fills the height of its flex column.
 * `compact` leaves the toolbar away, for a panel or a preview. With `onLook`, the caller keeps the order and the filters.
 */
export function ResultGrid({ result, compact, look, onLook }: { result: Result; compact?: boolean; look?: Look; onLook?: (look: Look | undefined) => void }) {
  return (
    <Suspense fallback={<div role="status" aria-label="Loading the rows" className="min-h-24 flex-1 animate-breathe rounded-md bg-sunken" />}>
      <Grid key={JSON.stringify(result.columns)} result={result} compact={compact} look={look} onLook={onLook} />
    </Suspense>
  );
}
