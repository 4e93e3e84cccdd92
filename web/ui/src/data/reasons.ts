// Why events are in quarantine, in words.
const reasons: Record<string, { label: string; means: string }> = {
  malformed_json: { label: "Malformed JSON", means: "The bytes are not valid JSON, so no field can be read from them." },
  not_an_object: { label: "Not an object", means: "Valid JSON, but a plain value or a list: there are no named fields that could become columns." },
  type_mismatch: { label: "Type mismatch", means: "A value does not fit the type of its column without loss." },
  unknown_field: { label: "Unknown field", means: "A field has no column, and the source does not add columns by itself." },
  empty: { label: "Empty record", means: "The record holds no event at all." },
  too_large: { label: "Too large", means: "The event, or what its record unpacks to, is beyond the bound on size." },
  too_deep: { label: "Too deep", means: "The document is nested deeper than the bound." },
  too_many_columns: { label: "Too many columns", means: "Its new fields would take the table beyond its bound on columns." },
  decompress_failed: { label: "Cannot be decompressed", means: "The bytes begin like gzip or zstd, but are broken." },
};

/** A reason in a few words. */
export function reasonLabel(reason: string): string {
  return reasons[reason]?.label ?? reason.replaceAll("_", " ");
}

/** What a reason means, in a sentence. */
export function reasonMeans(reason: string): string {
  return reasons[reason]?.means ?? "";
}
