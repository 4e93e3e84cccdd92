// What a person should know about the backups of the server. Pure.
import type { Schemas } from "@/api/client";
import { ago, duration } from "@/lib/format";
import { sentence } from "@/ui/problem";
import type { Concern } from "./attention";

type Status = Schemas["BackupStatus"];

const day = 86_400_000;
/** How long after its time a backup is overdue: it may wait for its turn, or for a server that starts. */
const patience = 10 * 60_000;

/** The last backup that failed, or one that should have been made. Both are serious when there is none of the last day. */
export function ofBackups(status: Status | undefined, now: number): Concern[] {
  if (!status) return [];
  const { schedule, failed, running, last } = status;
  const newest = last ? `The newest backup is from ${ago(last.at, now)}.` : "There is no backup yet.";
  const severity = last && now - Date.parse(last.at) < day ? "warn" : "bad";
  if (failed) {
    const again = schedule ? `It is tried again ${Date.parse(schedule.next_at) > now ? ago(schedule.next_at, now) : "now"}.` : "Make it again.";
    return [{ id: "backup-failed", severity, title: "The last backup failed", reason: `${sentence(failed.message)} ${newest}`, remedy: again, go: "backups" }];
  }
  const late = schedule && !running ? now - Date.parse(schedule.next_at) : 0;
  if (late > patience) {
    return [{ id: "backup-overdue", severity, title: `A backup is overdue by ${duration(late)}`, reason: newest, remedy: "Back up now, and look at the server’s log.", go: "backups" }];
  }
  return [];
}
