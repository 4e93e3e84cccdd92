import { Dialog as D } from "radix-ui";
import { Minimize } from "lucide-react";
import { IconButton } from "@/ui/button";
import { Panel } from "./panel";
import type { Panel as PanelType, SavedQuery } from "./queries";
import type { Range } from "./range";

/** One panel over the whole window. */
export function Enlarged({ panel, query, range, refresh, close }: { panel: PanelType; query: SavedQuery | undefined | null; range: Range; refresh: number; close: () => void }) {
  return (
    <D.Root open onOpenChange={(open) => !open && close()}>
      <D.Portal>
        <D.Content aria-describedby={undefined} className="fixed inset-0 z-30 flex flex-col bg-ground p-3 outline-none sm:p-6" onOpenAutoFocus={(e) => e.preventDefault()}>
          <D.Title className="sr-only">{panel.title}</D.Title>
          <div className="flex justify-end pb-2">
            <D.Close asChild>
              <IconButton icon={Minimize} label="Back to the dashboard" />
            </D.Close>
          </div>
          <div className="min-h-0 flex-1">
            <Panel panel={panel} query={query} range={range} refresh={refresh} />
          </div>
        </D.Content>
      </D.Portal>
    </D.Root>
  );
}
