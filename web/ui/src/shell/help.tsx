import { Fragment } from "react";
import { keyNames, useActiveShortcuts } from "@/lib/shortcuts";
import { Dialog } from "@/ui/dialog";
import { Kbd } from "@/ui/layout";

/** The shortcuts in force on this screen, its own first. */
export default function ShortcutHelp({ open, onClose }: { open: boolean; onClose: () => void }) {
  const active = useActiveShortcuts().filter((s) => s.keys);
  const common = ["Everywhere", "Go to"];
  const groups = [...new Set(active.map((s) => s.group))].sort((a, b) => common.indexOf(a) - common.indexOf(b));
  return (
    <Dialog open={open} onClose={onClose} title="Keyboard shortcuts">
      <div className="grid gap-x-10 gap-y-5 sm:grid-cols-2">
        {groups.map((g) => (
          <section key={g} aria-label={g}>
            <h3 className="mb-2 text-xs text-faint">{g}</h3>
            <dl className="space-y-2 text-sm">
              {active
                .filter((s) => s.group === g)
                .map((s) => (
                  <div key={s.keys} className="flex items-center justify-between gap-4">
                    <dt>{s.label}</dt>
                    <dd className="flex shrink-0 items-center gap-1 text-xs text-faint">
                      {keyNames(s.keys ?? "").map((k, i) => (
                        <Fragment key={i}>
                          {i > 0 && "then"}
                          <Kbd>{k}</Kbd>
                        </Fragment>
                      ))}
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
