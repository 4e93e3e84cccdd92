// What can be done with the query of a tab.
import { Ban, Check, ChevronDown, Ellipsis, LayoutDashboard, Link2, ListTree, PanelLeft, Play, RefreshCw, Save, SaveAll, Terminal, TextCursorInput, WandSparkles } from "lucide-react";
import { useEffect, useState } from "react";
import { duration } from "@/lib/format";
import { keyNames } from "@/lib/shortcuts";
import { Button, IconButton } from "@/ui/button";
import { Select } from "@/ui/form";
import { Menu } from "@/ui/menu";
import { Tooltip } from "@/ui/tooltip";
import { refreshes, type Refresh } from "./tabs";
import type { Work } from "./work";

export interface Actions {
  run: () => void;
  runStatement: () => void;
  cancel: () => void;
  explain: () => void;
  format: () => void;
  save: () => void;
  saveAs: () => void;
  toBoard: () => void;
  copyLink: () => void;
  copyCurl: () => void;
}

interface Props {
  actions: Actions;
  work: Work;
  statements: number;
  selected: boolean;
  refresh: Refresh;
  onRefresh: (refresh: Refresh) => void;
  /** "saved" when there is nothing to save. */
  state: "new" | "changed" | "saved";
  panel: boolean;
  togglePanel: () => void;
}

const shortcut = (keys: string) => keyNames(keys).join(" ");

export function Toolbar({ actions, work, statements, selected, refresh, onRefresh, state, panel, togglePanel }: Props) {
  const several = statements > 1 && !selected;
  const what = selected ? "Run selection" : several ? `Run all ${statements}` : "Run";
  return (
    <div role="toolbar" aria-label="Query" className="flex min-h-11 flex-wrap items-center gap-x-1.5 gap-y-1 border-b bg-surface px-2 py-1.5">
      <IconButton icon={PanelLeft} label={panel ? "Hide tables, saved queries and history" : "Tables, saved queries and history"} aria-pressed={panel} onClick={togglePanel} />
      {work.running && !work.running.auto ? (
        <Button kind="danger" icon={Ban} onClick={actions.cancel} className="min-w-28">
          Cancel <Elapsed since={work.running.startedAt} />
        </Button>
      ) : (
        <span className="inline-flex">
          <Tooltip
            text={
              <>
                {shortcut("mod+enter")}
                {several && <>. The statements run one after the other, up to the first that fails; each has its result.</>}
              </>
            }
          >
            <Button kind="primary" icon={Play} onClick={actions.run} className="rounded-r-none">
              {what}
            </Button>
          </Tooltip>
          <Menu
            align="start"
            items={[
              { label: <WithKeys text={what} keys="mod+enter" />, icon: Play, run: actions.run },
              { label: <WithKeys text="Run the statement at the cursor" keys="mod+shift+enter" />, icon: TextCursorInput, run: actions.runStatement },
            ]}
          >
            <button type="button" aria-label="More ways to run" className="grid h-8 w-6 place-items-center rounded-r-md border-l border-on-accent/30 bg-accent text-on-accent hover:bg-accent-strong">
              <ChevronDown size={14} aria-hidden />
            </button>
          </Menu>
        </span>
      )}
      <Button kind="quiet" icon={ListTree} onClick={actions.explain} className="max-sm:hidden">
        Explain
      </Button>
      <Button kind="quiet" icon={WandSparkles} onClick={actions.format} className="max-sm:hidden">
        Format
      </Button>
      <span className="flex-1" />
      <span className="flex items-center gap-1">
        <RefreshCw size={14} aria-hidden className={refresh > 0 ? "text-accent" : "text-faint"} />
        <Select small aria-label="Run anew by itself" title="Run anew by itself" value={refresh} onChange={(e) => onRefresh(refreshes.find((r) => r === Number(e.target.value)) ?? 0)}>
          {refreshes.map((r) => (
            <option key={r} value={r}>
              {r === 0 ? "Off" : `${r} s`}
            </option>
          ))}
        </Select>
      </span>
      {state === "saved" ? (
        <Button kind="quiet" icon={Check} disabled>
          <span className="max-sm:sr-only">Saved</span>
        </Button>
      ) : (
        <Tooltip text={shortcut("mod+s")}>
          <Button kind="quiet" icon={Save} onClick={actions.save}>
            <span className="max-sm:sr-only">Save</span>
          </Button>
        </Tooltip>
      )}
      <Menu
        items={[
          { label: "Explain", icon: ListTree, run: actions.explain },
          { label: "Format", icon: WandSparkles, run: actions.format },
          "-",
          { label: "Save as a new query", icon: SaveAll, run: actions.saveAs },
          { label: "Add to a dashboard", icon: LayoutDashboard, run: actions.toBoard },
          { label: "Copy a link", icon: Link2, run: actions.copyLink },
          { label: "Copy as curl", icon: Terminal, run: actions.copyCurl },
        ]}
      >
        <IconButton icon={Ellipsis} label="More" />
      </Menu>
    </div>
  );
}

function WithKeys({ text, keys }: { text: string; keys: string }) {
  return (
    <span className="flex justify-between gap-6">
      {text}
      <span className="text-xs text-faint">{shortcut(keys)}</span>
    </span>
  );
}

/** The time since a moment, ticking. */
export function Elapsed({ since }: { since: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 100);
    return () => clearInterval(timer);
  }, []);
  const ms = Math.max(0, now - since);
  return <span className="tabular">{ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : duration(ms)}</span>;
}
