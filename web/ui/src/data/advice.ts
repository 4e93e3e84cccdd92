import type { Schemas } from "@/api/client";

/** What to do about a source that cannot read: as the server tells it, which goes on trying by itself in every case. */
export function advice(source: Pick<Schemas["SourceStatus"], "hint">): string {
  return source.hint ?? "Helios tries again by itself. If it goes on failing, its log tells more.";
}
