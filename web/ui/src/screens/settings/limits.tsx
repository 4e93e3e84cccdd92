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
            { name: "Time", value: duration(l.query_timeout_ms), says: "of a query that asks for no other" },
            { name: "Time at most", value: duration(l.query_max_timeout_ms), says: "that a query may ask for" },
            { name: "Rows", value: number(l.query_max_rows), says: "of an answer as JSON that asks for no other number" },
            { name: "At the same time", value: plural(l.query_max_concurrent, "query", "queries"), says: "others wait for their turn" },
          ]}
        />
      </Card>
      <Card title="Each user and each token">
        <Facts
          facts={[
            { name: "At the same time", value: plural(l.user_queries_at_once, "query", "queries"), says: "others of theirs wait for their turn" },
            { name: "In a minute", value: plural(l.user_queries_per_minute, "query", "queries"), says: "those beyond are refused until a moment later" },
            { name: "Result", value: bytes(l.user_result_bytes), says: "of one query, as it is sent: a longer one breaks off" },
          ]}
        />
      </Card>
      <Card title="Store and ingestion">
        <Facts
          facts={[
            { name: "Threads of the engine", value: number(l.store_threads) },
            { name: "Memory of the engine", value: bytes(l.store_memory_limit_bytes), says: "what needs more goes to disk, or fails" },
            { name: "Queue of a source", value: bytes(l.ingest_queue_bytes), says: "of events that are read and not yet stored: when it is full, reading waits" },
          ]}
        />
      </Card>
      <p className="text-xs text-faint">They are set when Helios is started: by flags, the environment or helios.yaml. <code>helios serve --help</code> tells their names.</p>
    </div>
  );
}
