import type { Tone } from "@/ui/layout";
import type { Shard } from "../queries";

interface Look {
  label: string;
  tone: Tone;
  /** The colour of a bar. */
  fill: string;
  /** What it means. */
  says: string;
}

const looks: Record<string, Look> = {
  reading: { label: "Reading", tone: "good", fill: "bg-good", says: "Its records are read as they come." },
  waiting: { label: "Waiting", tone: "info", fill: "bg-info", says: "It is read once its parents have been read to their end, so that events keep their order." },
  throttled: { label: "Throttled", tone: "warn", fill: "bg-warn", says: "The stream refuses some calls: somebody reads the shard too, or it takes in more than may be read. Helios waits a little longer between calls." },
  failing: { label: "Failing", tone: "bad", fill: "bg-bad", says: "It cannot be read. Helios tries again." },
  paused: { label: "Paused", tone: "plain", fill: "bg-edge", says: "The source is paused." },
  finished: { label: "Finished", tone: "plain", fill: "bg-edge", says: "It takes no more records, and all it had have been read." },
};

/** How a shard's condition is told. */
export function lookOf(shard: Pick<Shard, "condition">): Look {
  return looks[shard.condition] ?? { label: shard.condition, tone: "plain", fill: "bg-edge", says: "" };
}
