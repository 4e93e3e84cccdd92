// The frame around every screen: navigation, command palette, help, and the state of the connection.
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { Activity, Gauge, LayoutDashboard, Menu as MenuIcon, Monitor, Moon, Plug, Search, Settings, ShieldAlert, Sun, SquareTerminal, WifiOff, X, type LucideIcon } from "lucide-react";
import { useMemo, useState } from "react";
import { useConnection } from "@/api/connection";
import { sourcesQuery } from "@/api/queries";
import { useShortcuts, keyNames, type Shortcut } from "@/lib/shortcuts";
import { chooseTheme, useThemeChoice } from "@/lib/theme";
import { IconButton, Spinner } from "@/ui/button";
import { Menu } from "@/ui/menu";
import { Kbd } from "@/ui/layout";
import { cx } from "@/ui/cx";
import { Palette } from "./palette";
import { ShortcutHelp } from "./help";
import { stateOf } from "@/data/source-state";

export const screens: readonly { to: string; label: string; icon: LucideIcon; keys: string }[] = [
  { to: "/", label: "Overview", icon: Gauge, keys: "g o" },
  { to: "/sql", label: "SQL", icon: SquareTerminal, keys: "g s" },
  { to: "/dashboards", label: "Dashboards", icon: LayoutDashboard, keys: "g d" },
  { to: "/tail", label: "Live tail", icon: Activity, keys: "g t" },
  { to: "/quarantine", label: "Quarantine", icon: ShieldAlert, keys: "g q" },
  { to: "/connect", label: "Connect a stream", icon: Plug, keys: "g c" },
  { to: "/settings", label: "Settings", icon: Settings, keys: "g ," },
];

export function Shell() {
  const navigate = useNavigate();
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const [drawer, setDrawer] = useState(false);
  const shortcuts = useMemo<Shortcut[]>(
    () => [
      { keys: "mod+k", label: "Command palette", group: "Everywhere", whileTyping: true, run: () => setPalette(true) },
      { keys: "?", label: "Keyboard shortcuts", group: "Everywhere", run: () => setHelp(true) },
      ...screens.map((s) => ({ keys: s.keys, label: s.label, group: "Go to", run: () => void navigate({ to: s.to }) })),
    ],
    [navigate],
  );
  useShortcuts(shortcuts);
  return (
    <div className="flex h-full">
      <a href="#main" className="sr-only z-50 rounded-md bg-surface px-3 py-2 focus:not-sr-only focus:absolute focus:top-2 focus:left-2">
        Skip to the content
      </a>
      <aside className="hidden w-56 shrink-0 border-r bg-sunken md:block">
        <Navigation openPalette={() => setPalette(true)} openHelp={() => setHelp(true)} />
      </aside>
      {drawer && (
        <div className="fixed inset-0 z-30 md:hidden">
          <div className="absolute inset-0 bg-black/40" onClick={() => setDrawer(false)} />
          <aside className="absolute inset-y-0 left-0 w-64 border-r bg-sunken shadow-(--shadow-floating)" onClick={(e) => (e.target as HTMLElement).closest("a") && setDrawer(false)} onKeyDown={(e) => e.key === "Escape" && setDrawer(false)}>
            <Navigation openPalette={() => setPalette(true)} openHelp={() => setHelp(true)} close={() => setDrawer(false)} />
          </aside>
        </div>
      )}
      <div className="flex min-w-0 flex-1 flex-col">
        <div className="flex h-11 shrink-0 items-center gap-2 border-b bg-sunken px-2 md:hidden">
          <IconButton icon={MenuIcon} label="Menu" onClick={() => setDrawer(true)} />
          <Brand />
          <span className="flex-1" />
          <IconButton icon={Search} label="Search" onClick={() => setPalette(true)} />
        </div>
        <ConnectionBanner />
        <div className="min-h-0 flex-1">
          <Outlet />
        </div>
      </div>
      <Palette open={palette} onClose={() => setPalette(false)} />
      <ShortcutHelp open={help} onClose={() => setHelp(false)} />
    </div>
  );
}

function Brand() {
  return (
    <Link to="/" className="flex items-center gap-2 rounded-md px-1.5 py-1 font-semibold">
      <img src="/icon.svg" alt="" className="size-5" />
      Helios
    </Link>
  );
}

const item = "flex items-center gap-2.5 rounded-md px-2 py-1.5 text-sm text-muted hover:bg-hover hover:text-ink aria-[current=page]:bg-hover aria-[current=page]:font-medium aria-[current=page]:text-ink";

function Navigation({ openPalette, openHelp, close }: { openPalette: () => void; openHelp: () => void; close?: () => void }) {
  const sources = useQuery(sourcesQuery);
  return (
    <div className="flex h-full flex-col gap-3 overflow-y-auto p-3">
      <div className="flex items-center justify-between">
        <Brand />
        {close && <IconButton icon={X} label="Close the menu" onClick={close} />}
      </div>
      <button type="button" onClick={openPalette} className="flex h-8 items-center gap-2 rounded-md border border-edge bg-surface px-2 text-sm text-faint hover:text-ink">
        <Search size={14} aria-hidden />
        <span className="flex-1 text-left">Search</span>
        <Kbd>{keyNames("mod+k")[0]}</Kbd>
      </button>
      <nav aria-label="Main" className="space-y-0.5">
        {screens.map((s) => (
          <Link key={s.to} to={s.to} activeOptions={{ exact: s.to === "/", includeSearch: false }} className={item}>
            <s.icon size={16} aria-hidden />
            {s.label}
          </Link>
        ))}
      </nav>
      {!!sources.data?.length && (
        <nav aria-label="Sources" className="space-y-0.5">
          <h2 className="px-2 pt-1 pb-0.5 text-xs font-medium text-faint">Sources</h2>
          {sources.data.map((s) => {
            const state = stateOf(s);
            return (
              <Link key={s.settings.name} to="/sources/$name" params={{ name: s.settings.name }} activeOptions={{ includeSearch: false }} className={item}>
                <span className={cx("ml-1 size-2 shrink-0 rounded-full", { good: "bg-good", warn: "bg-warn", bad: "bg-bad", info: "bg-info", plain: "bg-edge", accent: "bg-accent" }[state.tone])} aria-hidden />
                <span className="truncate">{s.settings.name}</span>
                <span className="sr-only">{state.label}</span>
              </Link>
            );
          })}
        </nav>
      )}
      <span className="flex-1" />
      <div className="flex items-center justify-between border-t pt-2">
        <ThemeMenu />
        <button type="button" onClick={openHelp} className="rounded-md px-2 py-1 text-xs text-faint hover:bg-hover hover:text-ink">
          Shortcuts <Kbd>?</Kbd>
        </button>
      </div>
    </div>
  );
}

function ThemeMenu() {
  const choice = useThemeChoice();
  const options = [
    { value: "light" as const, label: "Light", icon: Sun },
    { value: "dark" as const, label: "Dark", icon: Moon },
    { value: "system" as const, label: "As the system", icon: Monitor },
  ];
  return (
    <Menu align="start" items={options.map((o) => ({ label: o.label, icon: o.icon, checked: o.value === choice, run: () => chooseTheme(o.value) }))}>
      <IconButton icon={options.find((o) => o.value === choice)!.icon} label="Theme" />
    </Menu>
  );
}

function ConnectionBanner() {
  if (useConnection() === "connected") return null;
  return (
    <div role="alert" className="flex items-center gap-2.5 border-b bg-warn-soft px-4 py-2 text-sm text-warn">
      <WifiOff size={15} aria-hidden />
      <span className="flex-1">Helios does not answer. What you see may be old; this page goes on by itself as soon as it is back.</span>
      <Spinner />
    </div>
  );
}
