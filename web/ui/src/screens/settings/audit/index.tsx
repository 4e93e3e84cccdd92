// Who did what, when and from where: searched, paged, exported.
import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { Download, History, SquareTerminal } from "lucide-react";
import { useCallback } from "react";
import { Asked } from "@/accounts/asked";
import { CopyCurl } from "@/accounts/copy-curl";
import { api, data } from "@/api/client";
import { Button, LinkButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Card, Empty } from "@/ui/layout";
import type { AuditFilter } from "../search";
import { Entry, grid, type AuditEntry } from "./entry";
import { Filters } from "./filters";
import { parameters, statement } from "./filter";

const auditQuery = ({ find, action, range, from, until, before }: AuditFilter) =>
  queryOptions({
    queryKey: ["audit", find, action, range, from, until, before],
    queryFn: () => data(api.GET("/api/v1/audit", { params: { query: { ...parameters({ find, action, range, from, until }, Date.now()), ...(before && { before }) } } })),
    placeholderData: keepPreviousData,
    refetchInterval: before ? false : 15_000, // the first page goes on
  });

export default function AuditPart() {
  const { tab: _, new: __, open, ...filter } = useSearch({ from: "/settings" });
  const navigate = useNavigate({ from: "/settings" });
  const router = useRouter();
  const page = useQuery(auditQuery(filter));
  const change = useCallback((to: AuditFilter) => void navigate({ search: (now) => ({ ...now, ...to, before: undefined, open: undefined }), replace: true }), [navigate]);
  const toggle = (e: AuditEntry) => void navigate({ search: (now) => ({ ...now, open: now.open === e.id ? undefined : e.id }), replace: true, resetScroll: false });
  // A page that begins with the entry: it stays there however many come after it.
  const address = (e: AuditEntry) => new URL(router.buildLocation({ to: "/settings", search: { tab: "audit", before: `${e.id}~`, open: e.id } }).href, location.origin).href;
  const filtered = !!(filter.find ?? filter.action ?? filter.range ?? filter.from ?? filter.until);
  return (
    <Card flush title="Audit log" actions={<Ways filter={filter} />}>
      <Filters filter={filter} onChange={change} />
      <Asked query={page} lines={8}>
        {({ entries, next }) => (
          <div className={cx(page.isPlaceholderData && "opacity-60")} aria-busy={page.isPlaceholderData}>
            {entries.length === 0 && (
              <Empty icon={History} title={filtered ? "Nothing like that was done" : "Nothing was done yet"} actions={filtered && <Button onClick={() => change({ find: undefined, action: undefined, range: undefined, from: undefined, until: undefined })}>Show everything</Button>}>
                {filtered ? "No entry has all of it." : "Sign-ins, queries, exports and changes are written down here, and stay."}
              </Empty>
            )}
            {entries.length > 0 && (
              <div role="table" aria-label="Audit log" className="text-sm">
                <div role="rowgroup">
                  <div role="row" className={cx("grid gap-x-4 border-b px-4 py-2 text-xs text-faint max-lg:sr-only", grid)}>
                    {["When", "Who", "What", "Outcome", "From"].map((c) => (
                      <div key={c} role="columnheader">
                        {c}
                      </div>
                    ))}
                  </div>
                </div>
                <div role="rowgroup" className="divide-y">
                  {entries.map((e) => (
                    <Entry key={e.id} entry={e} open={e.id === open} toggle={() => toggle(e)} address={() => address(e)} />
                  ))}
                </div>
              </div>
            )}
            {(next || filter.before) && (
              <div className="flex justify-between gap-2 border-t px-4 py-2.5">
                <span>
                  {filter.before && (
                    <LinkButton size="sm" from="/settings" to="/settings" search={(now) => ({ ...now, before: undefined, open: undefined })}>
                      Newest
                    </LinkButton>
                  )}
                </span>
                {next && (
                  <LinkButton size="sm" from="/settings" to="/settings" search={(now) => ({ ...now, before: next, open: undefined })}>
                    Older
                  </LinkButton>
                )}
              </div>
            )}
          </div>
        )}
      </Asked>
    </Card>
  );
}

/** The other ways to the same entries. */
function Ways({ filter }: { filter: AuditFilter }) {
  const path = (of: string) => `/api/v1/audit${of}?${new URLSearchParams(parameters(filter, Date.now())).toString()}`.replace(/\?$/, "");
  return (
    <div className="flex gap-1">
      <CopyCurl path={() => path("")} />
      <LinkButton kind="quiet" size="sm" icon={SquareTerminal} to="/sql" search={{ sql: statement(filter) }}>
        Open as SQL
      </LinkButton>
      <Export path={() => path("/export")} />
    </div>
  );
}

/** The browser saves it as it comes, however long it is. */
function Export({ path }: { path: () => string }) {
  return (
    <Button
      size="sm"
      icon={Download}
      onClick={() => {
        const link = document.createElement("a");
        link.href = path();
        link.download = "helios-audit.ndjson";
        link.click();
      }}
    >
      Export
    </Button>
  );
}
