import { ClipboardCopy } from "lucide-react";
import { Cell, Deeds, Head, Row, Rows } from "@/accounts/rows";
import type { Schemas } from "@/api/client";
import { copy } from "@/lib/clipboard";
import { quoted } from "@/lib/curl";
import { bytes, duration, number } from "@/lib/format";
import { IconButton } from "@/ui/button";
import { Badge, Time } from "@/ui/layout";

const grid = "@min-[40rem]:grid-cols-[minmax(0,2.4fr)_minmax(0,1.2fr)_minmax(0,1fr)_minmax(0,1fr)_minmax(0,1fr)_2rem]";

/** The backups of a place, the newest first. */
export function Backups({ backups }: { backups: readonly Schemas["Backup"][] }) {
  return (
    <Rows label="Backups" grid={grid} columns={["Of", "Rows", "Size", "New", "Took", ""]}>
      {backups.map((b) => (
        <Row key={b.id} grid={grid} muted={b.damaged !== undefined}>
          <Head>
            <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
              {b.damaged === undefined ? <Time at={b.at} className="font-medium" /> : <Badge tone="bad">damaged</Badge>}
            </span>
            <code className="block text-xs break-all text-faint">{b.id}</code>
            {b.damaged && <span className="block text-xs break-words">{b.damaged}</span>}
          </Head>
          {b.damaged === undefined && (
            <>
              <Cell label="Rows">
                <span className="tabular">{number(b.rows)}</span>
              </Cell>
              <Cell label="Size">
                <span className="tabular">{bytes(b.bytes)}</span>
              </Cell>
              <Cell label="New">
                <span className="tabular">{bytes(b.uploaded_bytes)}</span>
              </Cell>
              <Cell label="Took">
                <span className="tabular">{duration(b.duration_ms)}</span>
              </Cell>
              <Deeds>
                <IconButton icon={ClipboardCopy} size="sm" label={`Copy the command that restores ${b.id}`} onClick={() => void copy(`helios restore ${quoted(b.to)} --at ${quoted(b.id)} --data ./helios-restored`, "Copied for a shell")} />
              </Deeds>
            </>
          )}
        </Row>
      ))}
    </Rows>
  );
}
