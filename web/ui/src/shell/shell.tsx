// The frame around every screen: navigation, command palette, help, and the state of the connection.
import { Outlet, useMatches, useNavigate, useRouter } from "@tanstack/react-router";
import { Menu as MenuIcon, Search, WifiOff } from "lucide-react";
import { Suspense, useEffect, useMemo, useState } from "react";
import { useConnection } from "@/api/connection";
import { useEnded } from "@/api/who";
import { accessTo } from "@/lib/access";
import { lazy } from "@/lib/lazy";
import { useShortcuts, type Shortcut } from "@/lib/shortcuts";
import { IconButton, Spinner } from "@/ui/button";
import { Brand, Navigation } from "./navigation";
import { Needs } from "./needs";
import { PaletteToCome } from "./palette-to-come";
import { screens, useScreens } from "./screens";

// What opens over the screen is not needed for its first sight: it comes once the page is at rest.
const parts = { palette: () => import("./palette"), help: () => import("./help"), drawer: () => import("./drawer") };
const Palette = lazy(parts.palette);
const ShortcutHelp = lazy(parts.help);
const Drawer = lazy(parts.drawer);
const Ended = lazy(() => import("./ended"));
type Part = keyof typeof parts;

export function Shell() {
  const navigate = useNavigate();
  const reachable = useScreens();
  const ended = useEnded();
  const [open, setOpen] = useState<{ part: Part; from: Element | null } | null>(null); // and where the focus was
  const [used, setUsed] = useState<ReadonlySet<Part>>(new Set());
  const [typed, setTyped] = useState(""); // before the palette was there
  const show = useMemo(
    () =>
      Object.fromEntries(
        (Object.keys(parts) as Part[]).map((part) => [
          part,
          () => {
            setUsed((before) => new Set(before).add(part));
            setTyped("");
            const from = document.activeElement;
            setOpen((now) => (now?.part === part ? now : { part, from }));
          },
        ]),
      ) as Record<Part, () => void>,
    [],
  );
  const close = (part: Part) => () => setOpen((now) => (now?.part === part ? null : now));
  const shows = (part: Part) => open?.part === part;
  const shortcuts = useMemo<Shortcut[]>(
    () => [
      { keys: "mod+k", label: "Command palette", group: "Everywhere", whileTyping: true, run: show.palette },
      { keys: "?", label: "Keyboard shortcuts", group: "Everywhere", run: show.help },
      ...reachable.map((s) => ({ keys: s.keys, label: s.label, group: "Go to", run: () => void navigate({ to: s.to }) })),
    ],
    [navigate, show, reachable],
  );
  useShortcuts(shortcuts);
  // Once it is there, what is typed right after the shortcut is typed into the palette, and nowhere else.
  useEffect(() => {
    const timer = setTimeout(() => setUsed(new Set(Object.keys(parts) as Part[])), 1500);
    return () => clearTimeout(timer);
  }, []);
  useFocusOnArrival();
  return (
    <div className="flex h-full">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-surface px-3 py-2 focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
        onClick={(e) => {
          e.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        Skip to the content
      </a>
      <aside aria-label="Navigation" className="hidden w-56 shrink-0 border-r bg-sunken md:block">
        <Navigation openPalette={show.palette} openHelp={show.help} />
      </aside>
      <div className="flex min-w-0 flex-1 flex-col">
        <header className="flex h-11 shrink-0 items-center gap-2 border-b bg-sunken px-2 md:hidden">
          <IconButton icon={MenuIcon} label="Menu" aria-haspopup="dialog" onClick={show.drawer} />
          <Brand />
          <span className="flex-1" />
          <IconButton icon={Search} label="Search" aria-haspopup="dialog" onClick={show.palette} />
        </header>
        <ConnectionBanner />
        <div className="min-h-0 flex-1">
          <Screen />
        </div>
      </div>
      <Suspense fallback={shows("palette") && <PaletteToCome typed={typed} onType={setTyped} onClose={close("palette")} />}>
        {used.has("palette") && <Palette open={shows("palette")} from={open?.from ?? null} typed={typed} onClose={close("palette")} />}
      </Suspense>
      <Suspense fallback={null}>
        {used.has("help") && <ShortcutHelp open={shows("help")} onClose={close("help")} />}
        {used.has("drawer") && <Drawer open={shows("drawer")} onClose={close("drawer")} openPalette={show.palette} openHelp={show.help} />}
      </Suspense>
      {/* By itself: what is being loaded hides all that waits with it. */}
      <Suspense fallback={null}>{ended && <Ended />}</Suspense>
    </div>
  );
}

/** The screen at the address, or why it is not shown. */
function Screen() {
  const at = useMatches({ select: (all) => all.at(-1)?.routeId as string | undefined });
  const screen = screens.find((s) => s.to === at);
  const needs = screen && accessTo(screen.to);
  if (!needs) return <Outlet />;
  return (
    <Needs {...needs} title={screen.label}>
      <Outlet />
    </Needs>
  );
}

/** After a change of screen the focus is at its beginning, as after loading a page, unless the screen has put it somewhere. */
function useFocusOnArrival() {
  const router = useRouter();
  useEffect(
    () =>
      router.subscribe("onRendered", (arrival) => {
        if (!arrival.fromLocation || !arrival.pathChanged) return;
        const main = document.getElementById("main");
        if (main && !main.contains(document.activeElement)) main.focus({ preventScroll: true });
      }),
    [router],
  );
}

function ConnectionBanner() {
  if (useConnection() === "connected") return null;
  return (
    <div role="alert" className="flex items-center gap-2.5 border-b bg-warn-soft px-4 py-2 text-sm text-warn">
      <WifiOff size={15} className="shrink-0" aria-hidden />
      <span className="flex-1">Helios does not answer. What you see may be old; this page goes on by itself as soon as it is back.</span>
      <Spinner />
    </div>
  );
}
