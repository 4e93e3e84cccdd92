import type { Schemas } from "@/api/client";
import { bytes, duration, number, plural } from "@/lib/format";
import { Card } from "@/ui/layout";
import { Facts } from "./facts";

/** What Helios allows itself and those who ask it. */
export function LimitsPart({ limits: l }: { limits: Schemas["AboutLimits"] }) {
  return (
    <div className="space-y-4">
      <Card title="Queries">
        <Facts
          facts={[
            { name: "Time", setting: "query.timeout", value: duration(l.query_timeout_ms), says: "of a query that asks for no other" },
            { name: "Time at most", setting: "query.max_timeout", value: duration(l.query_max_timeout_ms), says: "that a query may ask for" },
            { name: "Rows", setting: "query.max_rows", value: number(l.query_max_rows), says: "of an answer as JSON that asks for no other number" },
            { name: "At the same time", setting: "query.max_concurrent", value: plural(l.query_max_concurrent, "query", "queries"), says: "others wait for their turn" },
          ]}
        />
      </Card>
      <Card title="Each user and each token">
        <Facts
          facts={[
            { name: "At the same time", setting: "limits.queries_at_once", value: plural(l.user_queries_at_once, "query", "queries"), says: "others of theirs wait for their turn" },
            { name: "In a minute", setting: "limits.queries_per_minute", value: plural(l.user_queries_per_minute, "query", "queries"), says: "those beyond are refused until a moment later" },
            { name: "Result", setting: "limits.result_bytes", value: size(l.user_result_bytes), says: "of one query, as it is sent: a longer one breaks off" },
          ]}
        />
      </Card>
      <Card title="Store and ingestion">
        <Facts
          facts={[
            { name: "Threads of the engine", setting: "store.threads", value: number(l.store_threads) },
            { name: "Memory of the engine", setting: "store.memory_limit", value: size(l.store_memory_limit_bytes), says: "what needs more goes to disk, or fails" },
            { name: "Queue of a source", setting: "ingest.queue_bytes", value: size(l.ingest_queue_bytes), says: "of events that are read and not yet stored: when it is full, reading waits" },
          ]}
        />
      </Card>
      <p className="text-xs text-faint">They are set when Helios is started: in <code>helios.yaml</code> under these names, or in the environment, where <code>query.timeout</code> is <code>HELIOS_QUERY_TIMEOUT</code>. <code>docs/SETTINGS.md</code> tells of all settings.</p>
    </div>
  );
}

/** A size as it is set: most are of so many KiB, MiB or GiB. */
function size(value: number): string {
  const unit = [3, 2, 1].find((power) => value > 0 && value % 1024 ** power === 0);
  return unit ? `${number(value / 1024 ** unit)} ${["KiB", "MiB", "GiB"][unit - 1]}` : bytes(value);
}
