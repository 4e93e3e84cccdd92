import type { Schemas } from "@/api/client";
import type { Tone } from "@/ui/layout";

/** How a source is doing in one word, and how serious that is: `rank` is higher for what needs attention sooner. */
export function stateOf(s: Schemas["SourceStatus"]): { label: string; tone: Tone; rank: number } {
  switch (s.state) {
    case "failing":
      return { label: "Failing", tone: "bad", rank: 4 };
    case "starting":
      return { label: "Starting", tone: "info", rank: 2 };
    case "paused":
      return { label: "Paused", tone: "plain", rank: 1 };
    case "stopped":
      return { label: "Stopped", tone: "plain", rank: 1 };
    default:
      return s.error ? { label: "Partly failing", tone: "warn", rank: 3 } : { label: "Reading", tone: "good", rank: 0 };
  }
}
