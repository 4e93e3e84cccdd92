import type { ReactNode } from "react";
import { Badge, Time } from "@/ui/layout";
import { agentName } from "./agent";
import type { UserSession } from "./queries";

/** Where somebody is signed in. `end` is what can be done about one. */
export function Sessions({ sessions, end }: { sessions: readonly UserSession[]; end?: (session: UserSession) => ReactNode }) {
  return (
    <ul className="divide-y text-sm">
      {sessions.map((s) => (
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
    </ul>
  );
}
