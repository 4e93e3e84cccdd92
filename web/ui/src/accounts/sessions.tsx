import { useState, type ReactNode } from "react";
import { Button } from "@/ui/button";
import { Badge, Time } from "@/ui/layout";
import { agentName } from "./agent";
import type { UserSession } from "./queries";

const first = 6;

/** Where somebody is signed in, the last seen first. `end` is what can be done about one. */
export function Sessions({ sessions, end }: { sessions: readonly UserSession[]; end?: (session: UserSession) => ReactNode }) {
  const [all, setAll] = useState(false);
  const shown = all ? sessions : sessions.slice(0, first);
  return (
    <ul className="divide-y text-sm">
      {shown.map((s) => (
        <li key={s.id} className="flex items-center gap-3 py-2.5">
          <div className="min-w-0 flex-1">
            <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
              <span className="font-medium" title={s.agent}>
                {agentName(s.agent)}
              </span>
              {s.current && <Badge tone="good">this one</Badge>}
            </p>
            <p className="text-xs text-muted">
              <span className="break-all">{s.address || "Address not known"}</span>, seen <Time at={s.seen_at} />, signed in <Time at={s.created_at} />
            </p>
          </div>
          {end?.(s)}
        </li>
      ))}
      {shown.length < sessions.length && (
        <li className="py-2">
          <Button kind="quiet" size="sm" onClick={() => setAll(true)}>
            Show all {sessions.length}
          </Button>
        </li>
      )}
    </ul>
  );
}
