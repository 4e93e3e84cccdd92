import { keyNames, useActiveShortcuts } from "@/lib/shortcuts";
import { Dialog } from "@/ui/dialog";
import { Kbd } from "@/ui/layout";

/** The shortcuts in force on this screen. */
export function ShortcutHelp({ open, onClose }: { open: boolean; onClose: () => void }) {
  const active = useActiveShortcuts();
  const groups = [...new Set(active.map((s) => s.group))];
  return (
    <Dialog open={open} onClose={onClose} title="Keyboard shortcuts">
      <div className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
        {groups.map((g) => (
          <section key={g}>
            <h3 className="mb-1.5 text-xs text-faint">{g}</h3>
            <dl className="space-y-1.5 text-sm">
              {active
                .filter((s) => s.group === g)
                .map((s) => (
                  <div key={s.keys} className="flex items-center justify-between gap-4">
                    <dt>{s.label}</dt>
                    <dd className="flex gap-1">
                      {keyNames(s.keys).map((k, i) => (
                        <Kbd key={i}>{k}</Kbd>
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
