import { Suspense } from "react";
import { lazy } from "@/lib/lazy";
import type { Result } from "../result";

const Grid = lazy(() => import("./grid"));

/**
 * The rows of a result: sorted, filtered and copied here, whatever their number. It fills the height of its flex column.
 * `compact` leaves the toolbar away, for a panel or a preview.
 */
export function ResultGrid({ result, compact }: { result: Result; compact?: boolean }) {
  return (
    <Suspense fallback={<div role="status" aria-label="Loading the rows" className="min-h-24 flex-1 animate-breathe rounded-md bg-sunken" />}>
      <Grid key={JSON.stringify(result.columns)} result={result} compact={compact} />
    </Suspense>
  );
}
