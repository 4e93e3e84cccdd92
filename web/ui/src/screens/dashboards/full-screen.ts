import { useEffect } from "react";
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
