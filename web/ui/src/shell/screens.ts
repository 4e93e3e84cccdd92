import { Activity, FileCode2, Gauge, LayoutDashboard, Plug, Settings, ShieldAlert, SquareTerminal, type LucideIcon } from "lucide-react";
import { useMemo } from "react";
import type { Route } from "@/lib/access";
import { useSession } from "@/lib/session";

interface Screen {
  to: string;
  label: string;
  icon: LucideIcon;
  keys: string;
  /** Who may not use this route of the API has nothing to do on the screen. */
  needs: Route;
  /** Who may use this one has a better place for the same. */
  unless?: Route;
}

/** The screens that the navigation, the palette and the shortcuts lead to. */
export const screens: readonly Screen[] = [
  { to: "/", label: "Overview", icon: Gauge, keys: "g o", needs: "GET /api/v1/sources" },
  { to: "/sql", label: "SQL", icon: SquareTerminal, keys: "g s", needs: "POST /api/v1/query" },
  { to: "/queries", label: "Saved queries", icon: FileCode2, keys: "g s", needs: "POST /api/v1/saved-queries/{id}/run", unless: "POST /api/v1/query" },
  { to: "/dashboards", label: "Dashboards", icon: LayoutDashboard, keys: "g d", needs: "GET /api/v1/dashboards" },
  { to: "/tail", label: "Live tail", icon: Activity, keys: "g t", needs: "GET /api/v1/sources/{name}/tail" },
  { to: "/quarantine", label: "Quarantine", icon: ShieldAlert, keys: "g q", needs: "GET /api/v1/quarantine" },
  { to: "/connect", label: "Connect a stream", icon: Plug, keys: "g c", needs: "GET /api/v1/streams" },
  { to: "/settings", label: "Settings", icon: Settings, keys: "g ,", needs: "GET /api/v1/about" },
];

/** Those of them that are for who is there. */
export function useScreens(): readonly Screen[] {
  const { can } = useSession();
  return useMemo(() => screens.filter((s) => can(s.needs) && !(s.unless && can(s.unless))), [can]);
}
