// The command palette: every screen, source, table, saved query and dashboard, and what the screen at hand offers.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Dialog as D } from "radix-ui";
import { CornerDownLeft, FileCode2, LayoutDashboard, Moon, Plug, Sun, Table2, Zap, type LucideIcon } from "lucide-react";
import { useId, useMemo, useRef, useState } from "react";
import { api, data } from "@/api/client";
import { sourcesQuery, tablesQuery } from "@/api/queries";
import { keyNames, useActiveShortcuts } from "@/lib/shortcuts";
import { chooseTheme } from "@/lib/theme";
import { Kbd } from "@/ui/layout";
import { cx } from "@/ui/cx";
import { rank } from "./rank";
import { screens } from "./shell";

interface Command {
  id: string;
  label: string;
  kind: string;
  icon: LucideIcon;
  keys?: string;
  run: () => void;
}

export function Palette({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <D.Root open={open} onOpenChange={(o) => !o && onClose()}>
      <D.Portal>
        <D.Overlay className="fixed inset-0 z-40 bg-black/40" />
        <D.Content aria-describedby={undefined} className="fixed top-[12vh] left-1/2 z-40 flex max-h-[70vh] w-[calc(100vw-2rem)] max-w-xl -translate-x-1/2 flex-col overflow-hidden rounded-lg border bg-surface shadow-(--shadow-floating)">
          <D.Title className="sr-only">Command palette</D.Title>
          {open && <Commands onClose={onClose} />}
        </D.Content>
      </D.Portal>
    </D.Root>
  );
}

function Commands({ onClose }: { onClose: () => void }) {
  const all = useCommands();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const found = useMemo(() => rank(typed, all, (c) => c.label).slice(0, 60), [typed, all]);
  const chosen = Math.min(at, found.length - 1);
  const run = (c: Command | undefined) => {
    if (!c) return;
    onClose();
    // After the dialog has given the focus back: a command may take it.
    setTimeout(c.run);
  };
  const move = (to: number) => {
    const next = (to + found.length) % Math.max(1, found.length);
    setAt(next);
    list.current?.children[next]?.scrollIntoView({ block: "nearest" });
  };
  return (
    <>
      <input
        autoFocus
        role="combobox"
        aria-expanded
        aria-controls={`${id}-list`}
        aria-activedescendant={found[chosen] ? `${id}-${chosen}` : undefined}
        aria-label="Search for a screen, table, source, query or command"
        placeholder="Where to?"
        value={typed}
        spellCheck={false}
        className="h-12 border-b bg-transparent px-4 outline-none placeholder:text-faint"
        onChange={(e) => {
          setTyped(e.target.value);
          setAt(0);
        }}
        onKeyDown={(e) => {
          if (e.key === "ArrowDown") move(chosen + 1);
          else if (e.key === "ArrowUp") move(chosen - 1);
          else if (e.key === "Enter") run(found[chosen]);
          else return;
          e.preventDefault();
        }}
      />
      <div ref={list} id={`${id}-list`} role="listbox" aria-label="Commands" className="min-h-0 overflow-auto p-1.5">
        {found.map((c, i) => (
          <div
            key={c.id}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === chosen}
            onPointerMove={() => setAt(i)}
            onClick={() => run(c)}
            className={cx("flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-2 text-sm", i === chosen && "bg-hover")}
          >
            <c.icon size={15} className="text-muted" aria-hidden />
            <span className="min-w-0 flex-1 truncate">{c.label}</span>
            <span className="text-xs text-faint">{c.kind}</span>
            {c.keys && <span className="flex gap-1">{keyNames(c.keys).map((k, n) => <Kbd key={n}>{k}</Kbd>)}</span>}
            {i === chosen && <CornerDownLeft size={13} className="text-faint" aria-hidden />}
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="px-4 py-6 text-center text-sm text-muted">Nothing is called that.</p>}
    </>
  );
}

function useCommands(): Command[] {
  const navigate = useNavigate();
  const sources = useQuery(sourcesQuery);
  const tables = useQuery(tablesQuery);
  const saved = useQuery({ queryKey: ["saved-queries"], queryFn: async () => (await data(api.GET("/api/v1/saved-queries"))).queries });
  const dashboards = useQuery({ queryKey: ["dashboards"], queryFn: async () => (await data(api.GET("/api/v1/dashboards"))).dashboards });
  const shortcuts = useActiveShortcuts();
  return useMemo(
    () => [
      ...screens.map((s) => ({ id: s.to, label: s.label, kind: "Screen", icon: s.icon, keys: s.keys, run: () => void navigate({ to: s.to }) })),
      ...shortcuts
        .filter((s) => s.group !== "Go to" && s.group !== "Everywhere")
        .map((s) => ({ id: `do:${s.keys}`, label: s.label, kind: "On this screen", icon: Zap, keys: s.keys, run: s.run })),
      ...(sources.data ?? []).map((s) => ({ id: `source:${s.settings.name}`, label: s.settings.name, kind: "Source", icon: Plug, run: () => void navigate({ to: "/sources/$name", params: { name: s.settings.name } }) })),
      ...(tables.data ?? []).map((t) => ({ id: `table:${t.name}`, label: t.name, kind: "Table", icon: Table2, run: () => void navigate({ to: "/sql", search: { sql: `SELECT * FROM ${t.name} ORDER BY _arrived_at DESC LIMIT 100` } }) })),
      ...(saved.data ?? []).map((q) => ({ id: `query:${q.id}`, label: q.name, kind: "Saved query", icon: FileCode2, run: () => void navigate({ to: "/sql", search: { saved: q.id } }) })),
      ...(dashboards.data ?? []).map((d) => ({ id: `dashboard:${d.id}`, label: d.title, kind: "Dashboard", icon: LayoutDashboard, run: () => void navigate({ to: "/dashboards/$id", params: { id: d.id } }) })),
      { id: "light", label: "Light theme", kind: "Theme", icon: Sun, run: () => chooseTheme("light") },
      { id: "dark", label: "Dark theme", kind: "Theme", icon: Moon, run: () => chooseTheme("dark") },
    ],
    [navigate, sources.data, tables.data, saved.data, dashboards.data, shortcuts],
  );
}
