export function Throughput(_: { source: unknown }) { return null; }
