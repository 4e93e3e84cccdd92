// The edits of a schema are too much for an address: they stay in the tab, so that a reload loses nothing.
import { useCallback, useState } from "react";
import { ownKey } from "@/api/who";
import { noEdits, type Edits } from "./edits";
import type { Connection } from "./search";

export function useEdits(connection: Connection, stream: string): [Edits, (change: (old: Edits) => Edits) => void] {
  const key = ownKey(`helios.connect:${JSON.stringify([connection.endpoint, connection.region, connection.profile, connection.role_arn, stream])}`);
  const [held, setHeld] = useState(() => ({ key, edits: recall(key) }));
  const current = held.key === key ? held.edits : recall(key);
  const change = useCallback(
    (make: (old: Edits) => Edits) =>
      setHeld((old) => {
        const edits = make(old.key === key ? old.edits : recall(key));
        try {
          sessionStorage.setItem(key, JSON.stringify(edits));
        } catch {
          // No room, or none allowed: then a reload begins anew.
        }
        return { key, edits };
      }),
    [key],
  );
  return [current, change];
}

function recall(key: string): Edits {
  try {
    const found: unknown = JSON.parse(sessionStorage.getItem(key) ?? "null");
    if (found && typeof found === "object" && "fields" in found && "objects" in found && "byHand" in found && Array.isArray(found.byHand)) return found as Edits;
  } catch {
    // Not ours.
  }
  return noEdits;
}
