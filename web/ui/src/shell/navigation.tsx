// Where one can go: the screens, and each source with its state. At the side, or in a drawer where there is little room.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Monitor, Moon, Search, Sun } from "lucide-react";
import { useId, type ReactNode } from "react";
import { sourcesQuery } from "@/api/queries";
import { stateOf } from "@/data/source-state";
import { keyNames } from "@/lib/shortcuts";
import { chooseTheme, useThemeChoice } from "@/lib/theme";
import { cx } from "@/ui/cx";
import { Segmented } from "@/ui/form";
import { Kbd, type Tone } from "@/ui/layout";
import { Person } from "./person";
import { useScreens } from "./screens";

const item = "flex items-center gap-2.5 rounded-md px-2 py-1.5 text-sm text-muted hover:bg-hover hover:text-ink aria-[current=page]:bg-hover aria-[current=page]:font-medium aria-[current=page]:text-ink";
const dots: Record<Tone, string> = { good: "bg-good", warn: "bg-warn", bad: "bg-bad", info: "bg-info", accent: "bg-accent", plain: "bg-edge" };
const words: Record<Tone, string> = { good: "sr-only", warn: "text-warn", bad: "text-bad", info: "text-info", accent: "text-accent", plain: "text-faint" };

export function Brand() {
  return (
    <Link to="/" className="flex items-center gap-2 rounded-md px-1.5 py-1 font-semibold">
      <img src="/icon.svg" alt="" className="size-5" />
      Helios
    </Link>
  );
}

export function Navigation({ openPalette, openHelp, close }: { openPalette: () => void; openHelp: () => void; close?: ReactNode }) {
  const screens = useScreens();
  return (
    <div className="flex h-full flex-col gap-3 p-3">
      <div className="flex items-center justify-between">
        <Brand />
        {close}
      </div>
      <button type="button" onClick={openPalette} className="flex h-8 shrink-0 items-center gap-2 rounded-md border border-edge bg-surface px-2 text-sm text-faint hover:text-ink">
        <Search size={14} aria-hidden />
        <span className="flex-1 text-left">Search</span>
        <Kbd>{keyNames("mod+k")[0]}</Kbd>
      </button>
      <div className="-mx-3 min-h-0 flex-1 space-y-4 overflow-y-auto px-3">
        <nav aria-label="Main" className="space-y-0.5">
          {screens.map((s) => (
            <Link key={s.to} to={s.to} activeOptions={{ exact: s.to === "/", includeSearch: false }} className={item}>
              <s.icon size={16} aria-hidden />
              {s.label}
            </Link>
          ))}
        </nav>
        <Sources />
      </div>
      <div className="space-y-2 border-t pt-2">
        <Person />
        <div className="flex items-center justify-between">
          <Theme />
          <button type="button" onClick={openHelp} className="rounded-md px-2 py-1 text-xs text-faint hover:bg-hover hover:text-ink">
            Shortcuts <Kbd>?</Kbd>
          </button>
        </div>
      </div>
    </div>
  );
}

function Sources() {
  const sources = useQuery(sourcesQuery);
  const id = useId();
  if (!sources.data?.length) return null;
  return (
    <nav aria-labelledby={id} className="space-y-0.5">
      <p id={id} className="px-2 pb-0.5 text-xs font-medium text-faint">
        Sources
      </p>
      {sources.data.map((s) => {
        const state = stateOf(s);
        return (
          <Link key={s.settings.name} to="/sources/$name" params={{ name: s.settings.name }} activeOptions={{ includeSearch: false }} className={item}>
            <span className={cx("mx-1 size-2 shrink-0 rounded-full", dots[state.tone])} aria-hidden />
            <span className="min-w-0 flex-1 truncate" title={s.settings.name}>
              {s.settings.name}
            </span>
            <span className={cx("text-xs", words[state.tone])}>{state.label}</span>
          </Link>
        );
      })}
    </nav>
  );
}

const themes = [
  { value: "light" as const, name: "Light", icon: Sun },
  { value: "dark" as const, name: "Dark", icon: Moon },
  { value: "system" as const, name: "As the system", icon: Monitor },
].map(({ value, name, icon: Icon }) => ({
  value,
  title: name,
  label: (
    <>
      <Icon size={13} aria-hidden />
      <span className="sr-only">{name}</span>
    </>
  ),
}));

function Theme() {
  return <Segmented small label="Theme" value={useThemeChoice()} onChange={chooseTheme} options={themes} />;
}
