import { Activity, FileCode2, Gauge, LayoutDashboard, Plug, Settings, ShieldAlert, SquareTerminal, type LucideIcon } from "lucide-react";
import { useMemo } from "react";
import { useSession } from "@/lib/session";

interface Screen {
  to: string;
  label: string;
  icon: LucideIcon;
  keys: string;
  /** Those who reach this one have a better place for the same. */
  unless?: string;
}

/** The screens that the navigation, the palette and the shortcuts lead to. */
export const screens: readonly Screen[] = [
  { to: "/", label: "Overview", icon: Gauge, keys: "g o" },
  { to: "/sql", label: "SQL", icon: SquareTerminal, keys: "g s" },
  { to: "/queries", label: "Saved queries", icon: FileCode2, keys: "g s", unless: "/sql" },
  { to: "/dashboards", label: "Dashboards", icon: LayoutDashboard, keys: "g d" },
  { to: "/tail", label: "Live tail", icon: Activity, keys: "g t" },
  { to: "/quarantine", label: "Quarantine", icon: ShieldAlert, keys: "g q" },
  { to: "/connect", label: "Connect a stream", icon: Plug, keys: "g c" },
  { to: "/settings", label: "Settings", icon: Settings, keys: "g ," },
];

/** Those of them that are for who is there. */
export function useScreens(): readonly Screen[] {
  const { reaches } = useSession();
  return useMemo(() => screens.filter((s) => reaches(s.to) && !(s.unless && reaches(s.unless))), [reaches]);
}
