import { Activity, Gauge, LayoutDashboard, Plug, Settings, ShieldAlert, SquareTerminal, type LucideIcon } from "lucide-react";

/** The screens that the navigation, the palette and the shortcuts lead to. */
export const screens: readonly { to: string; label: string; icon: LucideIcon; keys: string }[] = [
  { to: "/", label: "Overview", icon: Gauge, keys: "g o" },
  { to: "/sql", label: "SQL", icon: SquareTerminal, keys: "g s" },
  { to: "/dashboards", label: "Dashboards", icon: LayoutDashboard, keys: "g d" },
  { to: "/tail", label: "Live tail", icon: Activity, keys: "g t" },
  { to: "/quarantine", label: "Quarantine", icon: ShieldAlert, keys: "g q" },
  { to: "/connect", label: "Connect a stream", icon: Plug, keys: "g c" },
  { to: "/settings", label: "Settings", icon: Settings, keys: "g ," },
];
