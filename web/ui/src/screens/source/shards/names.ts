/** A shard's name in a small space: "shard 3" for shardId-000000000003. Other names stay as they are. */
export function shortShard(id: string): string {
  const digits = /^shardId-0*(\d+)$/.exec(id)?.[1];
  return digits === undefined ? id : `shard ${digits}`;
}

/** A long number with its middle left out. */
export function abridged(text: string, ends = 6): string {
  return text.length <= ends * 2 + 1 ? text : `${text.slice(0, ends)}…${text.slice(-ends)}`;
}
