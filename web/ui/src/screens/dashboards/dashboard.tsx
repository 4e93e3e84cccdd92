import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { CopyPlus, EllipsisVertical, FileDown, LayoutDashboard, Link2, Maximize, Minimize, Pencil, Plus, Share2, TextCursorInput, Timer, Trash2 } from "lucide-react";
import { Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { problemOf } from "@/api/client";
import { copy } from "@/lib/clipboard";
import { plural } from "@/lib/format";
import { useSession } from "@/lib/session";
import { useShortcuts } from "@/lib/shortcuts";
import { Button, IconButton, LinkButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Badge, Empty, Page, Skeleton, useTitle } from "@/ui/layout";
import { Menu } from "@/ui/menu";
import { ProblemBox } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { Controls } from "./controls";
import { useDraft } from "./draft";
import { useFullScreen } from "./full-screen";
import { AboutDialog, AddPanel, DeleteDialog, EditPanel, Enlarged, ExportDialog, Leaving, Panels, SaveProblem } from "./later";
import { dashboardQuery, duplicate, savedQueriesQuery, type Dashboard } from "./queries";
import { bounds, rangeOf } from "./range";
import { ranged } from "./rows";
import type { DashboardSearch } from "./search";

export default function Screen() {
  const { id } = useParams({ from: "/dashboards/$id" });
  const dashboard = useQuery(dashboardQuery(id));
  useTitle(dashboard.data?.title ?? "Dashboard");
  if (dashboard.data) return <Board key={id} dashboard={dashboard.data} />;
  return (
    <Page title="Dashboard" wide>
      {!dashboard.error ? (
        <Skeleton lines={8} />
      ) : problemOf(dashboard.error).status === 404 ? (
        <Empty icon={LayoutDashboard} title="There is no such dashboard" actions={<LinkButton to="/dashboards">All dashboards</LinkButton>}>
          It was deleted, or the link is not right.
        </Empty>
      ) : (
        <ProblemBox error={dashboard.error} retry={() => void dashboard.refetch()} />
      )}
    </Page>
  );
}

type Open = { what: "add" | "about" | "export" | "delete" } | { what: "panel"; id: string };

function Board({ dashboard }: { dashboard: Dashboard }) {
  const { id } = dashboard;
  const search = useSearch({ from: "/dashboards/$id" });
  const navigate = useNavigate();
  const client = useQueryClient();
  const saved = useQuery(savedQueriesQuery);
  const editing = useDraft(dashboard);
  const { draft, dirty } = editing;
  const edits = useSession().can("PUT /api/v1/dashboards/{id}");
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);

  const own = draft.range;
  const range = useMemo(() => rangeOf({ range: search.range, from: search.from, to: search.to }, own), [search.range, search.from, search.to, own]);
  const refresh = search.refresh ?? draft.refresh_seconds;
  const look = useCallback((part: DashboardSearch, replace = true) => void navigate({ to: "/dashboards/$id", params: { id }, search: (s) => ({ ...s, ...part }), replace }), [navigate, id]);
  const again = useCallback(() => void client.invalidateQueries({ queryKey: ["panel"] }), [client]);
  useFullScreen(search.full === true, look);

  const { start, save } = editing;
  useShortcuts(
    useMemo(
      () => [
        { keys: "r", label: "Refresh now", group: "Dashboard", run: again },
        { keys: "f", label: "Full screen", group: "Dashboard", run: () => look({ full: true }) },
        ...(edits ? [{ keys: "a", label: "Add a panel", group: "Dashboard", run: () => setOpen({ what: "add" }) }] : []),
      ],
      [again, look, edits],
    ),
  );
  // The draft changes with every step, and so do these two.
  const latest = useLatest({ start, save });
  useShortcuts(
    useMemo(
      () =>
        edits
          ? [
              { keys: "e", label: "Edit the dashboard", group: "Dashboard", run: () => latest.current.start() },
              { keys: "mod+s", label: "Save the dashboard", group: "Dashboard", whileTyping: true, run: () => void latest.current.save() },
            ]
          : [],
      [latest, edits],
    ),
  );

  const queryOf = (name: string) => saved.data?.find((q) => q.id === name);
  const share = (fixed: boolean) => {
    const link = new URL(`/dashboards/${encodeURIComponent(id)}`, location.origin);
    const at = fixed ? bounds(range, Date.now()) : range;
    if ("last" in at) link.searchParams.set("range", at.last);
    else for (const key of ["from", "to"] as const) link.searchParams.set(key, at[key]);
    link.searchParams.set("refresh", String(fixed ? 0 : refresh));
    const free = fixed ? draft.panels.map((p) => queryOf(p.query)).filter((q) => q && !ranged(q)).length : 0;
    void copy(link.href, free > 0 ? `Link copied. ${plural(free, "panel ignores", "panels ignore")} the time range` : "Link copied");
  };
  const links = [
    { label: "Copy the link", icon: Link2, run: () => share(false) },
    { label: "Copy the link to this time", icon: Timer, run: () => share(true) },
  ];
  const copyMine = () =>
    duplicate(draft).then(
      (made) => {
        editing.discard();
        void client.invalidateQueries({ queryKey: ["dashboards"] });
        // After the draft is gone: it would hold the way.
        setTimeout(() => void navigate({ to: "/dashboards/$id", params: { id: made.id } }));
      },
      (e: unknown) => toast(problemOf(e).message, "bad"),
    );
  const enlarged = draft.panels.find((p) => p.id === search.panel);
  const edited = open?.what === "panel" ? draft.panels.find((p) => p.id === open.id) : undefined;
  const editedQuery = edited && queryOf(edited.query);
  const addButton = edits && (
    <Button icon={Plus} onClick={() => setOpen({ what: "add" })}>
      Add a panel
    </Button>
  );
  return (
    <div className={cx("h-full", search.full && "fixed inset-0 z-20 bg-ground")}>
      <Page
        wide
        title={
          <>
            {draft.title} {dirty && <Badge tone="warn">Not saved</Badge>}
          </>
        }
        subtitle={draft.description}
        actions={
          <>
            <Controls range={range} refresh={refresh} change={look} again={again} />
            {editing.editing ? (
              <>
                {addButton}
                <Button onClick={editing.discard}>{dirty ? "Discard" : "Stop editing"}</Button>
                <Button kind="primary" busy={editing.saving} disabled={!dirty} onClick={() => void save()}>
                  Save
                </Button>
              </>
            ) : (
              !search.full &&
              edits && (
                <Button icon={Pencil} onClick={start}>
                  <span className="max-sm:sr-only">Edit</span>
                </Button>
              )
            )}
            {search.full ? (
              <IconButton icon={Minimize} label="Leave full screen" onClick={() => look({ full: undefined })} />
            ) : (
              <>
                <Menu items={links}>
                  <IconButton icon={Share2} label="Share" className="max-sm:hidden" />
                </Menu>
                <Menu
                  items={[
                    { label: "Full screen", icon: Maximize, run: () => look({ full: true }) },
                    edits && { label: "Title and description", icon: TextCursorInput, run: () => setOpen({ what: "about" }) },
                    edits && { label: "Duplicate", icon: CopyPlus, run: () => void copyMine() },
                    edits && { label: "Export", icon: FileDown, run: () => setOpen({ what: "export" }) },
                    "-",
                    ...links,
                    "-",
                    edits && { label: "Delete", icon: Trash2, danger: true, run: () => setOpen({ what: "delete" }) },
                  ]}
                >
                  <IconButton icon={EllipsisVertical} label="More" />
                </Menu>
              </>
            )}
          </>
        }
      >
        {saved.error && !saved.data && <ProblemBox error={saved.error} retry={() => void saved.refetch()} />}
        {draft.panels.length === 0 ? (
          <Empty icon={LayoutDashboard} title="No panels yet" actions={addButton}>
            Each panel shows a saved query: as a chart, a number or a table.
          </Empty>
        ) : (
          <Suspense fallback={<Skeleton lines={8} />}>
            <Panels
              panels={draft.panels}
              queries={saved.data}
              range={range}
              refresh={refresh}
              editing={editing.editing}
              change={edits ? (panels) => editing.change({ panels }) : undefined}
              edit={(p) => setOpen({ what: "panel", id: p.id })}
              enlarge={(p) => look({ panel: p.id }, false)}
            />
          </Suspense>
        )}
      </Page>
      <Suspense>
        {enlarged && <Enlarged panel={enlarged} query={saved.data ? queryOf(enlarged.query) : null} range={range} refresh={refresh} close={() => look({ panel: undefined })} />}
        {open?.what === "add" && <AddPanel panels={draft.panels} close={close} add={(panel) => editing.change({ panels: [...draft.panels, panel] })} />}
        {open?.what === "about" && <AboutDialog heading="Title and description" action="Done" about={draft} close={close} done={({ title, description, range: last, refresh_seconds }) => editing.change({ title, description, range: last, refresh_seconds })} />}
        {open?.what === "export" && <ExportDialog id={id} unsaved={dirty} close={close} />}
        {open?.what === "delete" && (
          <DeleteDialog
            dashboard={dashboard}
            close={close}
            done={async () => {
              editing.discard();
              await client.invalidateQueries({ queryKey: ["dashboards"], exact: true });
              // After the draft is gone, which would hold the way; and what is gone is not asked for again.
              setTimeout(() => void navigate({ to: "/dashboards" }).then(() => client.removeQueries({ queryKey: dashboardQuery(id).queryKey })));
            }}
          />
        )}
        {edited && editedQuery && <EditPanel panel={edited} query={editedQuery} range={range} close={close} done={(panel) => editing.change({ panels: draft.panels.map((p) => (p.id === panel.id ? panel : p)) })} />}
      </Suspense>
      {/* Apart from the dialogs: what is being loaded hides all that waits with it. */}
      <Suspense>
        {editing.editing && <Leaving editing={editing} />}
        {editing.error !== null && <SaveProblem editing={editing} copyMine={() => void copyMine()} />}
      </Suspense>
    </div>
  );
}

/** A value as it is now, for what is set up once. */
function useLatest<T>(value: T) {
  const ref = useRef(value);
  useEffect(() => {
    ref.current = value;
  });
  return ref;
}
