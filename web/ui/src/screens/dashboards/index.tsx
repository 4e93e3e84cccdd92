import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { CopyPlus, EllipsisVertical, FileDown, LayoutDashboard, Link2, Plus, Trash2, Upload } from "lucide-react";
import { Suspense, useMemo, useState } from "react";
import { problemOf } from "@/api/client";
import { copy } from "@/lib/clipboard";
import { plural } from "@/lib/format";
import { useSession } from "@/lib/session";
import { useShortcuts } from "@/lib/shortcuts";
import { Button, IconButton } from "@/ui/button";
import { Input } from "@/ui/form";
import { Empty, Page, Skeleton, Time, useTitle } from "@/ui/layout";
import { Menu } from "@/ui/menu";
import { ProblemBox } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { AboutDialog, DeleteDialog, ExportDialog, ImportDialog } from "./later";
import { dashboardsQuery, draftOf, duplicate, makeDashboard, type Dashboard } from "./queries";
import { rangeName } from "./range";

type Open = { what: "make" | "import" } | { what: "export" | "delete"; dashboard: Dashboard };

export default function Screen() {
  useTitle("Dashboards");
  const { q = "" } = useSearch({ from: "/dashboards" });
  const navigate = useNavigate();
  const client = useQueryClient();
  const dashboards = useQuery(dashboardsQuery);
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  const again = () => void client.invalidateQueries({ queryKey: ["dashboards"] });
  const edits = useSession().can("POST /api/v1/dashboards");
  useShortcuts(useMemo(() => (edits ? [{ keys: "n", label: "New dashboard", group: "Dashboards", run: () => setOpen({ what: "make" }) }] : []), [edits]));

  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const found = dashboards.data?.filter((d) => words.every((w) => `${d.title} ${d.description}`.toLowerCase().includes(w)));
  const copyOf = (d: Dashboard) =>
    duplicate(draftOf(d)).then(
      (made) => {
        again();
        void navigate({ to: "/dashboards/$id", params: { id: made.id } });
      },
      (e: unknown) => toast(problemOf(e).message, "bad"),
    );
  const actions = edits && (
    <>
      <Button icon={Upload} onClick={() => setOpen({ what: "import" })}>
        Import
      </Button>
      <Button kind="primary" icon={Plus} onClick={() => setOpen({ what: "make" })}>
        New dashboard
      </Button>
    </>
  );
  return (
    <Page title="Dashboards" actions={dashboards.data?.length ? actions : undefined}>
      {dashboards.error && !dashboards.data ? (
        <ProblemBox error={dashboards.error} retry={() => void dashboards.refetch()} />
      ) : !dashboards.data || !found ? (
        <Skeleton lines={6} />
      ) : dashboards.data.length === 0 ? (
        <Empty icon={LayoutDashboard} title="No dashboards yet" actions={actions}>
          A dashboard shows saved queries beside each other, over one time range, and refreshes them by itself.
        </Empty>
      ) : (
        <>
          {(dashboards.data.length > 6 || q) && (
            <Input type="search" aria-label="Search dashboards" placeholder="Search dashboards" className="mb-3 w-full sm:w-72" value={q} onChange={(e) => void navigate({ to: "/dashboards", search: { q: e.target.value || undefined }, replace: true })} />
          )}
          <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
            {found.map((d) => (
              <li key={d.id} className="relative flex min-w-0 flex-col rounded-lg border bg-surface p-4 shadow-(--shadow-raised) focus-within:border-edge hover:border-edge">
                <div className="flex items-start gap-2">
                  <h2 className="min-w-0 flex-1 text-base break-words">
                    <Link to="/dashboards/$id" params={{ id: d.id }} className="after:absolute after:inset-0 after:rounded-lg">
                      {d.title}
                    </Link>
                  </h2>
                  <span className="relative z-1 -mt-1 -mr-1.5">
                    <Menu
                      items={[
                        edits && { label: "Duplicate", icon: CopyPlus, run: () => void copyOf(d) },
                        { label: "Copy the link", icon: Link2, run: () => void copy(new URL(`/dashboards/${d.id}`, location.origin).href, "Link copied") },
                        edits && { label: "Export", icon: FileDown, run: () => setOpen({ what: "export", dashboard: d }) },
                        "-",
                        edits && { label: "Delete", icon: Trash2, danger: true, run: () => setOpen({ what: "delete", dashboard: d }) },
                      ]}
                    >
                      <IconButton icon={EllipsisVertical} label={`What can be done with ${d.title}`} size="sm" />
                    </Menu>
                  </span>
                </div>
                {d.description && <p className="mt-1 line-clamp-2 text-sm text-muted">{d.description}</p>}
                <p className="mt-auto pt-3 text-xs text-faint">
                  {plural(d.panels.length, "panel")} · {rangeName(d.range || "1h").toLowerCase()} · changed <Time at={d.updated_at} className="relative z-1" />
                </p>
              </li>
            ))}
          </ul>
          {found.length === 0 && <p className="py-10 text-center text-sm text-faint">No dashboard has these words</p>}
        </>
      )}
      <Suspense>
        {open?.what === "make" && (
          <AboutDialog
            heading="New dashboard"
            action="Make it"
            about={{ title: "", description: "", range: "1h", refresh_seconds: 5 }}
            close={close}
            done={async (about) => {
              const made = await makeDashboard({ ...about, panels: [] });
              again();
              await navigate({ to: "/dashboards/$id", params: { id: made.id } });
            }}
          />
        )}
        {open?.what === "import" && (
          <ImportDialog
            close={close}
            done={({ dashboards: [only, ...more] }) => {
              again();
              void client.invalidateQueries({ queryKey: ["saved-queries"] });
              if (only && more.length === 0) void navigate({ to: "/dashboards/$id", params: { id: only.id } });
            }}
          />
        )}
        {open?.what === "export" && <ExportDialog id={open.dashboard.id} close={close} />}
        {open?.what === "delete" && <DeleteDialog dashboard={open.dashboard} close={close} done={again} />}
      </Suspense>
    </Page>
  );
}
