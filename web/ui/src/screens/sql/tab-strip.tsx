// The tabs' names in a row: one is chosen, they can be renamed, moved and closed, with the mouse and with keys.
import { ArrowLeft, ArrowRight, Copy, Pencil, Plus, RotateCcw, Trash2, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { ContextMenu as M } from "radix-ui";
import { IconButton, Spinner } from "@/ui/button";
import { cx } from "@/ui/cx";
import { isChanged } from "./actions";
import type { SavedQuery } from "./queries";
import { titlesOf, type Tab, type Tabs } from "./tabs";
import { tabs } from "./tabs-store";
import { forget, useRunning } from "./work";

/** Closes a tab and stops what it runs. */
export function closeTab(id: string) {
  forget(id);
  tabs.close(id);
}

export function TabStrip({ state, saved }: { state: Tabs; saved: readonly SavedQuery[] }) {
  const running = useRunning().split(" ");
  const list = useRef<HTMLUListElement>(null);
  const [renaming, setRenaming] = useState("");
  const titles = titlesOf(state.tabs, saved);
  const title = titles[state.tabs.findIndex((t) => t.id === state.active)];
  const busy = running.includes(state.active);
  // A tab grows with its title, and while it runs something.
  useEffect(() => {
    list.current?.querySelector('[aria-current="true"]')?.closest("li")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [state.active, state.tabs.length, title, busy]);
  const focusActive = () => setTimeout(() => list.current?.querySelector<HTMLElement>('[aria-current="true"]')?.focus());
  return (
    <div className="flex h-10 min-w-0 items-stretch border-b bg-sunken">
      <ul ref={list} aria-label="Queries that are open" className="flex min-w-0 items-stretch overflow-x-auto [scrollbar-width:none]">
        {state.tabs.map((tab, i) => (
          <TabItem
            key={tab.id}
            tab={tab}
            title={titles[i] ?? ""}
            active={tab.id === state.active}
            running={running.includes(tab.id)}
            saved={saved.find((q) => q.id === tab.saved)}
            only={state.tabs.length === 1}
            renaming={renaming === tab.id}
            rename={(on) => {
              setRenaming(on ? tab.id : "");
              if (!on) focusActive();
            }}
            focusActive={focusActive}
          />
        ))}
      </ul>
      <IconButton icon={Plus} label="New query" className="mx-1 self-center" onClick={() => tabs.open()} />
    </div>
  );
}

interface ItemProps {
  tab: Tab;
  title: string;
  active: boolean;
  running: boolean;
  saved?: SavedQuery;
  only: boolean;
  renaming: boolean;
  rename: (on: boolean) => void;
  focusActive: () => void;
}

function TabItem({ tab, title, active, running, saved, only, renaming, rename, focusActive }: ItemProps) {
  const changed = saved !== undefined && isChanged(tab, saved);
  const step = (by: number) => {
    const all = tabs.get().tabs;
    const next = all[(all.findIndex((t) => t.id === tab.id) + by + all.length) % all.length];
    if (next) tabs.activate(next.id);
    focusActive();
  };
  const move = (by: number) => {
    tabs.move(tab.id, by);
    focusActive();
  };
  const keys: Record<string, () => void> = {
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    "alt+ArrowRight": () => move(1),
    "alt+ArrowLeft": () => move(-1),
    F2: () => rename(true),
    Delete: () => {
      closeTab(tab.id);
      focusActive();
    },
  };
  return (
    <M.Root modal={false}>
      <M.Trigger asChild>
        <li
          draggable={!renaming}
          onDragStart={(e) => e.dataTransfer.setData("application/x-helios-tab", tab.id)}
          onDragOver={(e) => e.dataTransfer.types.includes("application/x-helios-tab") && e.preventDefault()}
          onDrop={(e) => {
            const id = e.dataTransfer.getData("application/x-helios-tab");
            const all = tabs.get().tabs;
            tabs.move(id, all.findIndex((t) => t.id === tab.id) - all.findIndex((t) => t.id === id));
          }}
          onAuxClick={(e) => e.button === 1 && closeTab(tab.id)}
          className={cx("group relative flex max-w-56 shrink-0 items-center border-r pr-1 text-sm", active ? "bg-surface text-ink" : "text-muted hover:bg-hover hover:text-ink")}
        >
          {active && <span aria-hidden className="absolute inset-x-0 top-0 h-0.5 bg-accent" />}
          {renaming ? (
            <RenameField title={tab.name ?? title} done={(name) => { if (name !== undefined) tabs.change(tab.id, { name: name || undefined }); rename(false); }} />
          ) : (
            <button
              type="button"
              aria-current={active}
              aria-keyshortcuts="F2 Delete Alt+ArrowLeft Alt+ArrowRight"
              tabIndex={active ? 0 : -1}
              title={`${title}${changed ? " (changed since it was saved)" : ""}`}
              className="flex h-full min-w-0 items-center gap-1.5 pl-3 outline-offset-[-3px]"
              onClick={() => tabs.activate(tab.id)}
              onDoubleClick={() => rename(true)}
              onKeyDown={(e) => {
                const act = keys[`${e.altKey ? "alt+" : ""}${e.key}`];
                if (!act) return;
                e.preventDefault();
                act();
              }}
            >
              {running && <Spinner className="size-3 shrink-0" />}
              <span className="truncate">{title}</span>
              {changed && <span className="size-1.5 shrink-0 rounded-full bg-accent" aria-hidden />}
              {(running || changed) && <span className="sr-only">{running ? ", running" : ", changed since it was saved"}</span>}
            </button>
          )}
          <IconButton icon={X} label={`Close ${title}`} size="sm" tabIndex={active ? 0 : -1} className={cx("ml-1 size-5", !active && "opacity-0 group-hover:opacity-100 focus-visible:opacity-100")} onClick={() => { closeTab(tab.id); focusActive(); }} />
        </li>
      </M.Trigger>
      <M.Portal>
        <M.Content className="z-50 min-w-44 animate-rise rounded-md border bg-surface p-1 text-sm shadow-(--shadow-floating)" onCloseAutoFocus={(e) => renaming && e.preventDefault()}>
          <Item icon={Pencil} label="Rename" keys="F2" run={() => setTimeout(() => { tabs.activate(tab.id); rename(true); })} />
          <Item icon={Copy} label="Duplicate" run={() => tabs.open({ ...tab, saved: undefined })} />
          <Item icon={ArrowLeft} label="Move left" keys="Alt ←" run={() => tabs.move(tab.id, -1)} />
          <Item icon={ArrowRight} label="Move right" keys="Alt →" run={() => tabs.move(tab.id, 1)} />
          <M.Separator className="my-1 h-px bg-line" />
          <Item icon={X} label="Close" keys="Del" run={() => closeTab(tab.id)} />
          <Item icon={Trash2} label="Close the others" disabled={only} run={() => tabs.get().tabs.forEach((t) => t.id !== tab.id && closeTab(t.id))} />
          <Item icon={RotateCcw} label="Open the closed one again" disabled={!tabs.canReopen()} run={() => tabs.reopen()} />
        </M.Content>
      </M.Portal>
    </M.Root>
  );
}

function Item({ icon: Icon, label, keys, run, disabled }: { icon: typeof X; label: string; keys?: string; run: () => void; disabled?: boolean }) {
  return (
    <M.Item disabled={disabled} onSelect={run} className="flex cursor-pointer items-center gap-2 rounded-sm px-2 py-1.5 outline-none data-[disabled]:cursor-default data-[disabled]:opacity-50 data-[highlighted]:bg-hover">
      <Icon size={14} aria-hidden />
      <span className="flex-1">{label}</span>
      {keys && <span className="pl-4 text-xs text-faint">{keys}</span>}
    </M.Item>
  );
}

function RenameField({ title, done }: { title: string; done: (name?: string) => void }) {
  const given = useRef(false);
  const finish = (value?: string) => {
    if (given.current) return;
    given.current = true;
    const name = value?.trim();
    done(name === title ? undefined : name);
  };
  return (
    <input
      autoFocus
      aria-label="Name of the tab"
      defaultValue={title}
      maxLength={80}
      className="mx-1 h-7 w-36 rounded-sm border border-edge bg-surface px-1.5 text-sm"
      onFocus={(e) => e.currentTarget.select()}
      onBlur={(e) => finish(e.currentTarget.value)}
      onKeyDown={(e) => {
        if (e.key === "Enter") finish(e.currentTarget.value);
        if (e.key !== "Escape") return;
        e.preventDefault();
        finish();
      }}
    />
  );
}
