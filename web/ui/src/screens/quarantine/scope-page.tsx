import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ChevronRight, Download, Ellipsis, ShieldCheck, SquareTerminal, Terminal, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";
import { api, problemOf } from "@/api/client";
import { reasonMeans } from "@/data/reasons";
import { exportFormats, exportQuery, type ExportFormat } from "@/data/result";
import { copy } from "@/lib/clipboard";
import { curl } from "@/lib/curl";
import { number, plural } from "@/lib/format";
import { useSession } from "@/lib/session";
import { Button, IconButton, LinkButton } from "@/ui/button";
import { Confirm } from "@/ui/dialog";
import { Card, Empty, Page, Skeleton, Stat, Time, useTitle } from "@/ui/layout";
import { Menu } from "@/ui/menu";
import { ProblemBox } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { Bars } from "./bars";
import { Events } from "./events";
import { GroupList } from "./groups";
import { Mends, type MendPlan } from "./mends";
import { changed, groupsQuery } from "./queries";
import { ReplayDialog } from "./replay-dialog";
import { filterOf, groupsOf, nameOf, pathOf, statementOf, together, type Scope } from "./scope";

/** The quarantined events of one table, or of one of its groups: what they are, what can be done, and each of them. */
export default function ScopePage({ scope }: { scope: Scope }) {
  const name = nameOf(scope);
  useTitle(`${name} · Quarantine`);
  const groups = useQuery(groupsQuery);
  const of = groupsOf(groups.data ?? [], scope);
  const all = together(of);
  // Stays open until it is closed: when the last event has left, there is nothing else to show here.
  const [plan, setPlan] = useState<MendPlan | null>(null);
  const mends = useSession().can("POST /api/v1/quarantine/{table}/replay");
  return (
    <Page title={name} subtitle={<Crumbs scope={scope} />} actions={all && <Actions scope={scope} count={all.count} />}>
      {groups.isPending && <Skeleton lines={6} />}
      {groups.error && !groups.data && <ProblemBox error={groups.error} retry={() => void groups.refetch()} />}
      {groups.data && !all && (
        <Empty icon={ShieldCheck} title="Nothing is left here" actions={<LinkButton to="/quarantine">All of the quarantine</LinkButton>}>
          No event of {scope.table} is in quarantine{scope.reason !== undefined && " for this reason"}. What was here became rows, was deleted, or is past the time that it is kept.
        </Empty>
      )}
      {plan && <ReplayDialog {...plan} scope={scope} onClose={() => setPlan(null)} />}
      {all && (
        <div className="space-y-5">
          {scope.reason !== undefined && <p className="-mt-1 max-w-prose text-sm text-muted">{reasonMeans(scope.reason)}</p>}
          <div className="grid grid-cols-2 items-start gap-x-8 gap-y-3 sm:grid-cols-[auto_auto_auto_minmax(0,1fr)]">
            <Stat label="In quarantine" value={number(all.count)} />
            <Stat label="Last quarantined" value={<Time at={all.last_quarantined_at} />} />
            <Stat label="First quarantined" value={<Time at={all.first_quarantined_at} />} />
            <div className="min-w-0">
              <Bars ticks={all.over_time} className="h-9" />
              <div aria-hidden className="mt-0.5 flex justify-between gap-2 text-xs text-faint tabular">
                <span>24 h ago</span>
                <span>at most {number(Math.max(...all.over_time.map((t) => t.count)))} an hour</span>
                <span>now</span>
              </div>
            </div>
          </div>
          {of.length > 1 && (
            <Card flush title="Reasons">
              <GroupList groups={of} order="count" />
            </Card>
          )}
          {mends ? (
            <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_22rem]">
              <div className="min-w-0 lg:order-last lg:sticky lg:top-4">
                <Mends scope={scope} held={all.count} onApply={setPlan} />
              </div>
              <Events scope={scope} />
            </div>
          ) : (
            <Events scope={scope} />
          )}
        </div>
      )}
    </Page>
  );
}

function Crumbs({ scope }: { scope: Scope }) {
  const link = "rounded-sm hover:text-ink hover:underline";
  return (
    <span className="flex items-center gap-1">
      <Link to="/quarantine" className={link}>
        Quarantine
      </Link>
      {scope.reason !== undefined && (
        <>
          <ChevronRight size={13} aria-hidden className="text-faint" />
          <Link to="/quarantine" search={{ table: scope.table }} className={link}>
            {scope.table}
          </Link>
        </>
      )}
    </span>
  );
}

function Actions({ scope, count }: { scope: Scope; count: number }) {
  const navigate = useNavigate();
  const [deleting, setDeleting] = useState(false);
  const { can } = useSession();
  const save = async (format: ExportFormat) => {
    try {
      await exportQuery({ sql: statementOf(scope), format, name: `quarantine-${scope.table}` });
    } catch (error) {
      toast(problemOf(error).message, "bad");
    }
  };
  const remove = async () => {
    const { data } = await api.DELETE("/api/v1/quarantine/{table}", { params: { path: { table: scope.table }, query: filterOf(scope) as { reason?: string; field?: string; search?: string } } });
    await changed();
    toast(`Deleted ${plural(data?.deleted ?? 0, "event")}`);
  };
  return (
    <>
      <LinkButton icon={SquareTerminal} to="/sql" search={{ sql: statementOf(scope) }}>
        Open as SQL
      </LinkButton>
      <Menu items={Object.entries(exportFormats).map(([format, { label }]) => ({ label, run: () => void save(format as ExportFormat) }))}>
        <Button icon={Download}>Export</Button>
      </Menu>
      <Menu
        items={[
          { label: "Copy as curl", icon: Terminal, run: () => void copy(curl(pathOf(scope)), "Copied the command") },
          { label: "Watch the live tail", run: () => void navigate({ to: "/tail" }) },
          "-",
          can("DELETE /api/v1/quarantine/{table}") && { label: "Delete…", icon: Trash2, danger: true, run: () => setDeleting(true) },
        ]}
      >
        <IconButton icon={Ellipsis} label="More" kind="secondary" />
      </Menu>
      <Confirm open={deleting} onClose={() => setDeleting(false)} title={`Delete ${scope.search ? "the events found" : plural(count, "quarantined event")} of ${scope.table} for good?`} action="Delete for good" name={scope.table} run={remove}>
        <Deleted scope={scope} />
      </Confirm>
    </>
  );
}

function Deleted({ scope }: { scope: Scope }): ReactNode {
  return (
    <p>
      {scope.reason === undefined ? "All that is in quarantine for this table" : `Only what is in quarantine as “${nameOf(scope)}”`}
      {scope.search && <> and has “{scope.search}” in it</>} is deleted. It is nowhere else in Helios; to keep a copy, export it first.
    </p>
  );
}
