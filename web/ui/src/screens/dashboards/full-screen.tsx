import { Dialog as D } from "radix-ui";
import { Minimize } from "lucide-react";
import { useEffect } from "react";
import { IconButton } from "@/ui/button";
import { Panel } from "./panel";
import type { Panel as PanelType, SavedQuery } from "./queries";
import type { Range } from "./range";
import type { DashboardSearch } from "./search";

type Look = (part: DashboardSearch) => void;

/**
 * Gives the dashboard the whole screen. The address says so, for screens on a wall; where the browser does not give its own frame
 * away without being asked by a hand, the dashboard still fills the window.
 */
export function useFullScreen(full: boolean, look: Look) {
  useEffect(() => {
    if (!full) return;
    document.documentElement.requestFullscreen?.().catch(() => undefined);
    const left = () => {
      if (!document.fullscreenElement) look({ full: undefined });
    };
    const escape = (e: KeyboardEvent) => {
      if (e.key === "Escape" && !e.defaultPrevented && !document.querySelector('[role="dialog"]')) look({ full: undefined });
    };
    document.addEventListener("fullscreenchange", left);
    document.addEventListener("keydown", escape);
    return () => {
      document.removeEventListener("fullscreenchange", left);
      document.removeEventListener("keydown", escape);
      if (document.fullscreenElement) void document.exitFullscreen();
    };
  }, [full, look]);
}

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
