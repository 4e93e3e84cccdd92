import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { DatabaseBackup } from "lucide-react";
import { Suspense } from "react";
import { Asked } from "@/accounts/asked";
import { CopyCurl } from "@/accounts/copy-curl";
import { api, data, type Schemas } from "@/api/client";
import { backupStatusQuery } from "@/api/queries";
import { ago, bytes, duration, number, plural } from "@/lib/format";
import { lazy } from "@/lib/lazy";
import { useNow } from "@/lib/time";
import { Button } from "@/ui/button";
import { CodeBlock } from "@/ui/code";
import { Card, Empty, Stat } from "@/ui/layout";
import { Facts } from "../facts";
import { Backups } from "./list";
import { Failure, Progress } from "./state";

const NewBackup = lazy(() => import("./new-backup"));

type Status = Schemas["BackupStatus"];

/** When backups are made, how the last one went, and which there are. */
export default function BackupsPart() {
  const { new: making } = useSearch({ from: "/settings" });
  const navigate = useNavigate({ from: "/settings" });
  const status = useQuery(backupStatusQuery);
  const ask = (on: boolean) => void navigate({ search: (now) => ({ ...now, new: on ? "backup" : undefined }), replace: !on });
  return (
    <div className="space-y-4">
      <Card
        title="Backups"
        actions={
          <>
            <CopyCurl path={() => "/api/v1/backups"} />
            <Button size="sm" kind="primary" icon={DatabaseBackup} disabled={!status.data || status.data.running !== undefined} onClick={() => ask(true)}>
              Back up now
            </Button>
          </>
        }
      >
        <Asked query={status}>{(s) => <State status={s} />}</Asked>
      </Card>
      {status.data?.schedule && <Listed status={status.data} />}
      <p className="text-xs text-faint">
        A backup holds all events, and the hashes of passwords and tokens: its place must be as private as the data directory. Its tables are Parquet files that other tools read too. <code>docs/BACKUP.md</code> tells the rest.
      </p>
      <Suspense fallback={null}>{making === "backup" && status.data && <NewBackup to={status.data.schedule?.to} onClose={() => ask(false)} />}</Suspense>
    </div>
  );
}

function State({ status: { schedule, running, failed, last } }: { status: Status }) {
  const now = useNow();
  return (
    <div className="space-y-4">
      {failed && <Failure failed={failed} next={schedule?.next_at} />}
      {running && <Progress running={running} />}
      {(schedule ?? last) && (
        <div className="grid grid-cols-2 gap-x-6 gap-y-4 sm:grid-cols-4">
          <Stat label="Last backup" value={last ? ago(last.at, now) : "none yet"} detail={last && `took ${duration(last.duration_ms)}`} tone={last ? undefined : "warn"} />
          <Stat label="Next backup" value={schedule ? (running ? "now" : ago(schedule.next_at, now)) : "–"} detail={schedule ? `every ${every(schedule.every)}` : "none by itself"} />
          <Stat label="Rows" value={last ? number(last.rows) : "–"} detail={last && `of ${plural(last.tables, "table")}`} />
          <Stat label="Size" value={last ? bytes(last.bytes) : "–"} detail={last && `${bytes(last.uploaded_bytes)} of it new`} />
        </div>
      )}
      {schedule ? (
        <div className="border-t pt-4">
          <Facts
            facts={[
              { name: "Place", setting: "backup.to", value: <code className="break-all">{schedule.to}</code> },
              { name: "Every", setting: "backup.every", value: every(schedule.every), says: "a failed one is tried again after five minutes, if that is sooner" },
              { name: "Kept", setting: "backup.keep", value: plural(schedule.keep, "backup"), says: "the newest; older ones are removed" },
            ]}
          />
        </div>
      ) : (
        <Unplanned />
      )}
    </div>
  );
}

function Unplanned() {
  return (
    <div>
      <Empty icon={DatabaseBackup} title="No backups are made by themselves">
        Name a place in the settings file, a directory on another disk or a bucket, and start the server again. What has not changed is not written twice.
      </Empty>
      <div className="mx-auto max-w-md">
        <CodeBlock label="Copy the settings" text={"backup:\n  to: s3://my-backups/helios\n  every: 1h\n  keep: 48"} />
      </div>
    </div>
  );
}

function Listed({ status }: { status: Status }) {
  // A place far away is read anew when there is a new backup, not all the time.
  const list = useQuery({ queryKey: ["backups", "list", status.last?.id], queryFn: async () => (await data(api.GET("/api/v1/backups"))).backups, staleTime: 60_000 });
  return (
    <Card flush title={list.data?.length ? `Backups there (${number(list.data.length)})` : "Backups there"}>
      <Asked query={list}>{(all) => (all.length === 0 ? <p className="px-4 py-3.5 text-sm text-muted">There is none yet.</p> : <Backups backups={all} />)}</Asked>
    </Card>
  );
}

/** A length of time as Go writes it, for people: 1h0m0s is 1 h. */
function every(text: string): string {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|m|s)/g)].filter(([, n]) => Number(n) > 0);
  return parts.map(([, n, unit]) => `${n} ${unit === "m" ? "min" : unit}`).join(" ") || text;
}
