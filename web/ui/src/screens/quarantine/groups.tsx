import { Link } from "@tanstack/react-router";
import { ChevronRight } from "lucide-react";
import type { Schemas } from "@/api/client";
import { reasonLabel } from "@/data/reasons";
import { number } from "@/lib/format";
import { Card, Time } from "@/ui/layout";
import { sentence } from "@/ui/problem";
import { Bars } from "./bars";
import { together } from "./scope";
import type { orders } from "./search";

type Group = Schemas["QuarantineGroup"];

/** The groups of every table, the most numerous or the newest first. */
export function Tables({ groups, order }: { groups: readonly Group[]; order: (typeof orders)[number] }) {
  const sorted = [...new Set(groups.map((g) => g.table))]
    .map((table) => groups.filter((g) => g.table === table))
    .map((of) => ({ table: of[0]?.table ?? "", of, all: together(of) }))
    .sort((a, b) => (b.all?.count ?? 0) - (a.all?.count ?? 0));
  return (
    <div className="space-y-5">
      {sorted.map(({ table, of, all }) => (
        <Card
          key={table}
          flush
          title={
            <>
              {table} <span className="font-normal text-faint tabular">{number(all?.count)} in quarantine</span>
            </>
          }
          actions={
            <Link to="/quarantine" search={{ table }} className="rounded-md px-2 py-1 text-xs font-medium whitespace-nowrap text-muted hover:bg-hover hover:text-ink">
              Whole table
            </Link>
          }
        >
          <GroupList groups={of} order={order} />
        </Card>
      ))}
    </div>
  );
}

export function GroupList({ groups, order }: { groups: readonly Group[]; order: (typeof orders)[number] }) {
  const sorted = groups.toSorted((a, b) => (order === "newest" ? b.last_quarantined_at.localeCompare(a.last_quarantined_at) : b.count - a.count));
  return (
    <ul className="divide-y">
      {sorted.map((g) => (
        <li key={`${g.reason} ${g.field}`}>
          <Link
            to="/quarantine"
            search={{ table: g.table, reason: g.reason, field: g.field }}
            className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-6 gap-y-2 px-4 py-3 hover:bg-hover md:grid-cols-[minmax(0,1fr)_10rem_6rem_6rem_1rem]"
          >
            <span className="min-w-0">
              <span className="flex items-baseline gap-2">
                <span className="font-medium whitespace-nowrap">{reasonLabel(g.reason)}</span>
                {g.field && <code className="truncate text-muted">{g.field}</code>}
              </span>
              <span className="block truncate text-xs text-faint">{sentence(g.example)}</span>
            </span>
            <span className="order-last col-span-2 md:order-none md:col-span-1">
              <Bars ticks={g.over_time} />
            </span>
            <span className="text-right font-semibold tabular">
              {number(g.count)}
              <span className="sr-only"> events</span>
            </span>
            <span className="hidden text-right text-xs text-muted md:block">
              <span className="sr-only">last seen </span>
              <Time at={g.last_quarantined_at} />
            </span>
            <ChevronRight size={15} aria-hidden className="hidden text-faint md:block" />
          </Link>
        </li>
      ))}
    </ul>
  );
}
