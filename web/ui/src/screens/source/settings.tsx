export function SourceSettings(_: { source: unknown; table: unknown; onRemove: () => void }) { return null; }
