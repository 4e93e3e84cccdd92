// The command palette: every screen, part of the settings, source, table, saved query and dashboard, and what the screen at hand offers.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Dialog as D } from "radix-ui";
import { CornerDownLeft, FileCode2, Keyboard, KeyRound, LayoutDashboard, LogOut, Monitor, Moon, Plug, Settings, Sun, Table2, UserRound, UserRoundPlus, Zap, type LucideIcon } from "lucide-react";
import { Fragment, useId, useMemo, useState } from "react";
import { dashboardsQuery, savedQueriesQuery, sourcesQuery, tablesQuery } from "@/api/queries";
import { keyNames, useActiveShortcuts } from "@/lib/shortcuts";
import { useSession } from "@/lib/session";
import { sqlName } from "@/lib/sql";
import { chooseTheme } from "@/lib/theme";
import { settingsParts } from "@/screens/settings/parts";
import { cx } from "@/ui/cx";
import { useFocusBack } from "@/ui/focus-back";
import { Kbd } from "@/ui/layout";
import { asks, field, frame } from "./palette-to-come";
import { signOut } from "./person";
import { rank } from "./rank";
import { useScreens } from "./screens";

interface Command {
  id: string;
  label: string;
  kind: string;
  icon: LucideIcon;
  keys?: string;
  run: () => void;
}

const shown = 60;

/** `from` is where the focus was before, `typed` what was typed before the palette was there. */
interface Opened {
  from: Element | null;
  typed: string;
  onClose: () => void;
}

export default function Palette({ open, ...opened }: { open: boolean } & Opened) {
  return (
    <D.Root open={open} onOpenChange={(o) => !o && opened.onClose()}>
      <D.Portal>
        <D.Overlay className="fixed inset-0 z-40 bg-shade" />
        <Content {...opened} />
      </D.Portal>
    </D.Root>
  );
}

function Content({ from, typed, onClose }: Opened) {
  const { after, onCloseAutoFocus } = useFocusBack(from);
  return (
    <D.Content aria-describedby={undefined} onCloseAutoFocus={onCloseAutoFocus} className={frame}>
      <D.Title className="sr-only">Command palette</D.Title>
      <Commands
        already={typed}
        onRun={(run) => {
          after(run); // it may take the focus
          onClose();
        }}
      />
    </D.Content>
  );
}

function Commands({ already, onRun }: { already: string; onRun: (run: () => void) => void }) {
  const all = useCommands();
  const [typed, setTyped] = useState(already);
  const [at, setAt] = useState(0);
  const id = useId();
  const found = useMemo(() => rank(typed, all, (c) => `${c.label} ${c.kind}`).slice(0, shown), [typed, all]);
  const chosen = Math.min(at, found.length - 1);
  const option = (i: number) => `${id}-${i}`;
  const run = (c: Command | undefined) => c && onRun(c.run);
  const move = (to: number) => {
    if (found.length === 0) return;
    const next = (to + found.length) % found.length;
    setAt(next);
    document.getElementById(option(next))?.scrollIntoView({ block: "nearest" });
  };
  const keys: Record<string, () => void> = {
    ArrowDown: () => move(chosen + 1),
    ArrowUp: () => move(chosen - 1),
    PageDown: () => move(Math.min(chosen + 8, found.length - 1)),
    PageUp: () => move(Math.max(chosen - 8, 0)),
    Enter: () => run(found[chosen]),
  };
  return (
    <>
      <input
        {...asks}
        autoFocus
        ref={atItsEnd}
        role="combobox"
        aria-expanded
        aria-autocomplete="list"
        aria-controls={`${id}-list`}
        aria-activedescendant={found[chosen] ? option(chosen) : undefined}
        value={typed}
        className={field}
        onChange={(e) => {
          setTyped(e.target.value);
          setAt(0);
        }}
        onKeyDown={(e) => {
          const act = e.nativeEvent.isComposing ? undefined : keys[e.key];
          if (!act) return;
          e.preventDefault();
          act();
        }}
      />
      <div id={`${id}-list`} role="listbox" tabIndex={-1} aria-label="Commands" className={cx("min-h-0 scroll-py-8 overflow-auto p-1.5", found.length === 0 && "hidden")}>
        {found.map((c, i) => (
          <Fragment key={c.id}>
            {!typed.trim() && c.kind !== found[i - 1]?.kind && (
              <div role="presentation" className="px-2.5 pt-2.5 pb-1 text-xs text-faint first:pt-1">
                {c.kind === "On this screen" ? c.kind : plurals[c.kind] ?? c.kind}
              </div>
            )}
            <Option id={option(i)} command={c} chosen={i === chosen} tellKind={typed.trim() !== ""} onPoint={() => setAt(i)} onRun={() => run(c)} />
          </Fragment>
        ))}
      </div>
      <p role="status" className={found.length === 0 ? "px-4 py-6 text-center text-sm text-muted" : "sr-only"}>
        {found.length === 0 ? "Nothing is called that." : typed.trim() ? `${found.length} found` : ""}
      </p>
    </>
  );
}

/** What was typed before goes on at its end. */
const atItsEnd = (input: HTMLInputElement | null) => input?.setSelectionRange(input.value.length, input.value.length);

const plurals: Record<string, string> = { Screen: "Screens", Source: "Sources", Table: "Tables", "Saved query": "Saved queries", Dashboard: "Dashboards" };

function Option({ id, command: c, chosen, tellKind, onPoint, onRun }: { id: string; command: Command; chosen: boolean; tellKind: boolean; onPoint: () => void; onRun: () => void }) {
  return (
    <div id={id} role="option" aria-selected={chosen} onPointerMove={onPoint} onClick={onRun} className={cx("flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-2 text-sm", chosen && "bg-hover")}>
      <c.icon size={15} className="shrink-0 text-muted" aria-hidden />
      <span className="min-w-0 flex-1 truncate">{c.label}</span>
      {tellKind && <span className="text-xs whitespace-nowrap text-faint">{c.kind}</span>}
      {c.keys && (
        <span className="hidden gap-1 sm:flex">
          {keyNames(c.keys).map((k, n) => (
            <Kbd key={n}>{k}</Kbd>
          ))}
        </span>
      )}
      <CornerDownLeft size={13} className={cx("shrink-0 text-faint", !chosen && "invisible")} aria-hidden />
    </div>
  );
}

/** Everything there is. The first one is run by a mere Enter: it does no harm. What cannot be asked for is left out: the rest still works. */
function useCommands(): Command[] {
  const navigate = useNavigate();
  const screens = useScreens();
  const { accounts, can, may, me, reaches } = useSession();
  const sql = reaches("/sql");
  // Sources are asked for every second: only their names are looked at, so that the list stays the same.
  const sources = useQuery({ ...sourcesQuery, select: (all) => all.map((s) => s.settings.name) });
  const tables = useQuery(tablesQuery);
  const saved = useQuery(savedQueriesQuery);
  const dashboards = useQuery(dashboardsQuery);
  const shortcuts = useActiveShortcuts();
  return useMemo(
    () => [
      ...screens.map((s) => ({ id: s.to, label: s.label, kind: "Screen", icon: s.icon, keys: s.keys, run: () => void navigate({ to: s.to }) })),
      ...shortcuts
        .filter((s) => s.group !== "Go to" && s.group !== "Everywhere")
        .map((s) => ({ id: `do:${s.label}`, label: s.label, kind: "On this screen", icon: Zap, keys: s.keys, run: s.run })),
      ...(sources.data ?? []).map((name) => ({ id: `source:${name}`, label: name, kind: "Source", icon: Plug, run: () => void navigate({ to: "/sources/$name", params: { name } }) })),
      ...((sql && tables.data) || []).map((t) => ({ id: `table:${t.name}`, label: t.name, kind: "Table", icon: Table2, run: () => void navigate({ to: "/sql", search: { sql: `SELECT * FROM ${sqlName(t.name)} ORDER BY _arrived_at DESC LIMIT 100` } }) })),
      ...(saved.data ?? []).map((q) => ({ id: `query:${q.id}`, label: q.name, kind: "Saved query", icon: FileCode2, run: () => void navigate(sql ? { to: "/sql", search: { saved: q.id } } : { to: "/queries/$id", params: { id: q.id } }) })),
      ...(dashboards.data ?? []).map((d) => ({ id: `dashboard:${d.id}`, label: d.title, kind: "Dashboard", icon: LayoutDashboard, run: () => void navigate({ to: "/dashboards/$id", params: { id: d.id } }) })),
      ...settingsParts
        .filter((p) => !p.role || may(p.role))
        .map((p) => ({ id: `settings:${p.key}`, label: p.label, kind: "Settings", icon: Settings, run: () => void navigate({ to: "/settings", search: { tab: p.key } }) })),
      ...(accounts && can("POST /api/v1/users") ? [{ id: "invite", label: "Invite a user", kind: "Settings", icon: UserRoundPlus, run: () => void navigate({ to: "/settings", search: { tab: "users", new: "user" } }) }] : []),
      ...(me && me.kind !== "open"
        ? [
            { id: "profile", label: "Profile", kind: "Account", icon: UserRound, run: () => void navigate({ to: "/profile" }) },
            { id: "new-token", label: "New API token", kind: "Account", icon: KeyRound, run: () => void navigate({ to: "/profile", search: { new: "token" } }) },
            { id: "sign-out", label: "Sign out", kind: "Account", icon: LogOut, run: () => void signOut() },
          ]
        : []),
      { id: "light", label: "Light", kind: "Theme", icon: Sun, run: () => chooseTheme("light") },
      { id: "dark", label: "Dark", kind: "Theme", icon: Moon, run: () => chooseTheme("dark") },
      { id: "system", label: "As the system", kind: "Theme", icon: Monitor, run: () => chooseTheme("system") },
      ...shortcuts.filter((s) => s.keys === "?").map((s) => ({ id: "help", label: s.label, kind: "Help", icon: Keyboard, keys: s.keys, run: s.run })),
    ],
    [navigate, screens, accounts, can, may, me, sql, sources.data, tables.data, saved.data, dashboards.data, shortcuts],
  );
}
