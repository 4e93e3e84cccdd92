export function Schema(_: { source: unknown }) { return null; }
