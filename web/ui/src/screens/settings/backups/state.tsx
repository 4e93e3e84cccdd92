import { CircleAlert } from "lucide-react";
import type { Schemas } from "@/api/client";
import { bytes, number } from "@/lib/format";
import { Time } from "@/ui/layout";
import { Said, sentence } from "@/ui/problem";

/** A backup that is being made. */
export function Progress({ running: r }: { running: Schemas["BackupRunning"] }) {
  const share = r.rows > 0 ? Math.min(1, r.rows_done / r.rows) : 0;
  return (
    <div className="space-y-1.5">
      <p className="text-sm">
        A backup to <code className="break-all">{r.to}</code> is being made.
      </p>
      <div role="progressbar" aria-label="The backup" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)} className="h-2 overflow-hidden rounded-full bg-hover">
        <div className="h-full rounded-full bg-accent transition-[width]" style={{ width: `${share * 100}%` }} />
      </div>
      <p className="text-xs text-muted tabular">
        {r.rows > 0 ? `${number(r.rows_done)} of ${number(r.rows)} rows` : "Rows are being counted"}, {bytes(r.uploaded_bytes)} written, begun <Time at={r.started_at} />
      </p>
    </div>
  );
}

/** The last backup, which failed. It is no alert: what it says of times changes each second, and would be read out as often. */
export function Failure({ failed: f, next }: { failed: Schemas["BackupFailed"]; next: string | undefined }) {
  return (
    <div className="flex gap-2.5 rounded-md border border-bad/40 bg-bad-soft px-3 py-2.5 text-sm text-ink">
      <CircleAlert size={16} className="mt-0.5 shrink-0 text-bad" aria-hidden />
      <div className="min-w-0 space-y-1.5">
        <p className="font-semibold">
          The last backup failed <Time at={f.at} />
        </p>
        <p className="break-words">
          <Said text={sentence(f.message)} />
        </p>
        <p className="break-words text-muted">
          It was to go to <code className="break-all">{f.to}</code>. {next ? <>It is tried again <Time at={next} />.</> : "Nobody tries it again by itself."}
        </p>
      </div>
    </div>
  );
}
