// One entry of the audit log: who did what, when and from where, and what came of it. Unfolded, all that is known of it.
import { Link } from "@tanstack/react-router";
import { ChevronRight, CircleAlert, Link2 } from "lucide-react";
import { useId } from "react";
import type { Schemas } from "@/api/client";
import { JsonView } from "@/data/json";
import { copy } from "@/lib/clipboard";
import { duration, exactTime } from "@/lib/format";
import { Button, LinkButton } from "@/ui/button";
import { CodeBlock } from "@/ui/code";
import { cx } from "@/ui/cx";
import { Badge, Time } from "@/ui/layout";
import { actionName } from "./actions";

export type AuditEntry = Schemas["Entry"];

export const grid = "lg:grid-cols-[7rem_minmax(10rem,1.1fr)_minmax(0,2fr)_8rem_8rem]";

interface Props {
  entry: AuditEntry;
  open: boolean;
  /** The entry is to be folded or unfolded. */
  toggle: () => void;
  /** The address at which others find this entry. */
  address: () => string;
}

export function Entry({ entry: e, open, toggle, address }: Props) {
  const id = useId();
  return (
    <>
      <div role="row" className={cx("relative grid grid-cols-[minmax(0,1fr)_auto] items-start gap-x-4 gap-y-0.5 px-4 py-2 hover:bg-hover max-lg:pl-3", grid, open && "bg-hover")}>
        <div role="cell" className="relative z-1 w-fit text-muted max-lg:order-2 max-lg:justify-self-end max-lg:text-right max-lg:text-xs max-lg:leading-5">
          <Time at={e.at} />
        </div>
        <div role="cell" className="min-w-0 break-words max-lg:order-3 max-lg:pl-4.5 max-lg:text-xs max-lg:leading-5 max-lg:text-muted">
          <Actor entry={e} />
          {e.address && <span className="lg:hidden"> from {e.address}</span>}
        </div>
        <div role="cell" className="min-w-0 max-lg:order-1">
          {/* The whole row is the button, and what can be pressed in it stands before it. */}
          <button type="button" aria-expanded={open} aria-controls={id} onClick={toggle} className="flex max-w-full gap-1 text-left before:absolute before:inset-0">
            <ChevronRight size={14} aria-hidden className={cx("mt-0.75 shrink-0 text-faint transition-transform", open && "rotate-90")} />
            <span className="min-w-0">
              <span className="font-medium">{actionName(e.action)}</span> <Target entry={e} />
            </span>
          </button>
        </div>
        <div role="cell" className="leading-5 max-lg:order-4 max-lg:text-right">
          <Outcome outcome={e.outcome} />
        </div>
        <div role="cell" className="min-w-0 text-muted tabular break-all max-lg:hidden">
          {e.address || "–"}
        </div>
      </div>
      <div role="row" id={id} hidden={!open}>
        {open && (
          <div role="cell" aria-colspan={5} className="space-y-3 border-t bg-sunken px-4 py-3">
            <Details entry={e} address={address} />
          </div>
        )}
      </div>
    </>
  );
}

function Actor({ entry: { actor, actor_kind: kind } }: { entry: AuditEntry }) {
  if (!actor) return <span className="text-muted">somebody not known</span>;
  const owned = actor.includes(" (token "); // it says so itself
  const said = { token: owned ? undefined : "token", machine: "on the machine" }[kind as string];
  return (
    <>
      {actor}
      {said && <span className="text-xs text-faint"> {said}</span>}
    </>
  );
}

/** What people do with their own account, mostly: whose it is then need not be told twice. */
const ofOneself = /^(sign_in|sign_out|sessions\.end|setup|password\.\w+)$/;

/** What it was done to; of a query, how it begins. */
function Target({ entry }: { entry: AuditEntry }) {
  const sql = sqlOf(entry);
  if (!sql) return entry.target && !(ofOneself.test(entry.action) && entry.target === entry.actor) && <span className="break-words text-muted">{entry.target}</span>;
  return <code className="block truncate text-xs text-muted">{sql.replaceAll(/\s+/g, " ").slice(0, 200)}</code>;
}

function Outcome({ outcome }: { outcome: string }) {
  if (outcome === "ok") return <span className="text-xs text-faint">ok</span>;
  return (
    <Badge tone="bad">
      <CircleAlert size={12} aria-hidden />
      {outcomeWords[outcome] ?? outcome.replaceAll("_", " ")}
    </Badge>
  );
}

const outcomeWords: Readonly<Record<string, string>> = { sign_in: "not let in", forbidden: "refused", invalid: "wrong input", not_found: "not found", internal: "failed", too_many: "too many" };

function Details({ entry: e, address }: { entry: AuditEntry; address: () => string }) {
  const sql = sqlOf(e);
  const rest = isObject(e.detail) ? Object.fromEntries(Object.entries(e.detail).filter(([key]) => key !== "sql")) : e.detail;
  const facts: [string, string][] = [
    ["When", exactTime(e.at)],
    ["Who", [e.actor_kind || "not known", e.actor_id].filter(Boolean).join(" ")],
    ["Action", e.action],
    ["Outcome", e.outcome],
    ["Took", duration(e.duration_ms)],
    ["Entry", e.id],
  ];
  return (
    <>
      <dl className="flex flex-wrap gap-x-6 gap-y-1 text-xs">
        {facts.map(([name, value]) => (
          <div key={name} className="flex min-w-0 gap-1.5">
            <dt className="text-faint">{name}</dt>
            <dd className="min-w-0 break-all tabular">{value}</dd>
          </div>
        ))}
      </dl>
      {sql && <CodeBlock text={sql} label="Copy the query" wrap />}
      {rest !== undefined && rest !== null && !(isObject(rest) && Object.keys(rest).length === 0) && (
        <div className="overflow-hidden rounded-md border bg-surface px-3 py-2">
          <JsonView text={JSON.stringify(rest, null, 2)} expanded />
        </div>
      )}
      <div className="flex flex-wrap gap-2">
        <Button size="sm" icon={Link2} onClick={() => void copy(address(), "Copied the link")}>
          Copy the link
        </Button>
        {sql && (
          <LinkButton size="sm" to="/sql" search={{ sql }}>
            Open the query
          </LinkButton>
        )}
        <Only label="Only this action" search={{ action: e.action }} />
        {e.actor && <Only label={`Only ${e.actor}`} search={{ find: e.actor }} />}
        {e.address && <Only label={`Only ${e.address}`} search={{ find: e.address }} />}
      </div>
    </>
  );
}

/** Narrows what is shown, and leaves the rest of the filter as it is. */
function Only({ label, search }: { label: string; search: { action?: string; find?: string } }) {
  return (
    <Link from="/settings" to="/settings" search={(now) => ({ ...now, ...search, before: undefined, open: undefined })} className="inline-flex h-7 items-center rounded-md px-2 text-xs font-medium text-muted hover:bg-hover hover:text-ink">
      {label}
    </Link>
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sqlOf({ detail }: AuditEntry): string | undefined {
  return isObject(detail) && typeof detail.sql === "string" ? detail.sql : undefined;
}
