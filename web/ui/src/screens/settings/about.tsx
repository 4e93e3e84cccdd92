import { Copy, Terminal } from "lucide-react";
import type { Schemas } from "@/api/client";
import { copy } from "@/lib/clipboard";
import { curl } from "@/lib/curl";
import { ago, bytes, duration, exactTime, number, plural } from "@/lib/format";
import { useNow } from "@/lib/time";
import { Button, IconButton } from "@/ui/button";
import { Badge, Card, Stat, Time } from "@/ui/layout";
import { Facts } from "./facts";

type About = Schemas["About"];

const reasons: Record<string, string> = {
  crash: "it crashed",
  failed: "it ended with an error",
  memory: "it needed too much memory",
  stuck_query: "a query could not be ended",
  database_fault: "the database had a fault that only a new start mends",
};

/** What runs here. */
export function AboutPart({ about }: { about: About }) {
  const now = useNow();
  const up = now - Date.parse(about.started_at);
  const restarts = Object.entries(about.restarts).sort(([, a], [, b]) => b - a);
  const total = restarts.reduce((sum, [, n]) => sum + n, 0);
  const { disk } = about;
  return (
    <div className="space-y-4">
      <Card>
        <div className="grid grid-cols-2 gap-x-6 gap-y-4 sm:grid-cols-4">
          <Stat label="Uptime" value={duration(Math.max(0, Math.floor(up / 1000) * 1000))} detail={`since ${exactTime(about.started_at).slice(0, 16)}`} />
          <Stat label="Memory" value={about.memory_bytes ? bytes(about.memory_bytes) : "–"} detail={about.memory_bytes ? "in use" : "not told by the system"} />
          <Stat label="Data" value={bytes(disk.used_bytes)} detail={`${bytes(disk.free_bytes)} free`} />
          <Stat label="Restarts" value={number(total)} detail="since then" tone={total > 0 ? "warn" : undefined} />
        </div>
      </Card>
      <Card
        title="About"
        actions={
          <Button kind="quiet" size="sm" icon={Terminal} onClick={() => void copy(curl("/api/v1/about"), "Copied as curl")}>
            Copy as curl
          </Button>
        }
      >
        <Facts
          facts={[
            { name: "Version", value: <Version about={about} /> },
            { name: "Licence", value: about.license },
            { name: "Engine", value: `${about.engine.name} ${about.engine.version}` },
            {
              name: "Data directory",
              value: (
                <span className="inline-flex max-w-full items-center gap-1">
                  <code className="min-w-0 break-all">{about.data_dir}</code>
                  <IconButton icon={Copy} label="Copy the data directory" size="sm" onClick={() => void copy(about.data_dir)} />
                </span>
              ),
            },
            { name: "Disk", value: `${bytes(disk.used_bytes)} used, ${bytes(disk.free_bytes)} free`, says: disk.full_at ? <>Full <Time at={disk.full_at} /> if things go on as they do</> : "When it is full is known after an hour, if it fills at all" },
            { name: "Started", value: <Time at={about.started_at} />, says: exactTime(about.started_at) },
            { name: "Restarts of the worker", value: total === 0 ? <span className="text-muted">None: it has run all the time</span> : <Restarts restarts={restarts} />, says: total > 0 ? `${ago(about.started_at, now)} the server was started` : undefined },
          ]}
        />
      </Card>
    </div>
  );
}

function Version({ about }: { about: About }) {
  const text = about.commit ? `${about.version} (${about.commit})` : about.version;
  return (
    <span className="inline-flex items-center gap-1">
      {text}
      <IconButton icon={Copy} label="Copy the version" size="sm" onClick={() => void copy(text)} />
    </span>
  );
}

function Restarts({ restarts }: { restarts: readonly [string, number][] }) {
  return (
    <ul className="space-y-1">
      {restarts
        .filter(([, n]) => n > 0)
        .map(([reason, n]) => (
          <li key={reason} className="flex items-center gap-2">
            <Badge tone="warn">{plural(n, "time")}</Badge> {reasons[reason] ?? reason}
          </li>
        ))}
    </ul>
  );
}
