import { ChevronDown, CircleAlert, CircleCheck, Info, TriangleAlert, type LucideIcon } from "lucide-react";
import { useState } from "react";
import { number } from "@/lib/format";
import { useSession } from "@/lib/session";
import { Button, LinkButton } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Said, sentence } from "@/ui/problem";
import type { Concern, Severity } from "./attention";

const looks: Record<Severity, { icon: LucideIcon; text: string; word: string }> = {
  bad: { icon: CircleAlert, text: "text-bad", word: "Serious" },
  warn: { icon: TriangleAlert, text: "text-warn", word: "Warning" },
  info: { icon: Info, text: "text-info", word: "To know" },
};

const few = 3;

/** What needs attention: what it is, why, and what to do about it. Where it is much, the most serious stands for the rest until that is asked for. */
export function AttentionList({ concerns }: { concerns: readonly Concern[] }) {
  const [all, setAll] = useState(false);
  if (!concerns.length) {
    return (
      <p className="flex items-center gap-2 text-sm text-muted">
        <CircleCheck size={16} className="text-good" aria-hidden />
        Nothing needs your attention.
      </p>
    );
  }
  const folded = concerns.length > few + 1;
  return (
    <section aria-label="What needs attention" className="overflow-hidden rounded-lg border bg-surface shadow-(--shadow-raised)">
      <h2 className="sr-only">What needs attention</h2>
      <ul className="divide-y">
        {(folded && !all ? concerns.slice(0, few) : concerns).map((c) => (
          <Item key={c.id} concern={c} />
        ))}
      </ul>
      {folded && (
        <div className="border-t px-2 py-1">
          <Button kind="quiet" size="sm" aria-expanded={all} onClick={() => setAll(!all)}>
            <ChevronDown size={14} aria-hidden className={cx("mx-1 transition-transform", all && "rotate-180")} />
            {all ? "Show the most serious only" : `${number(concerns.length - few)} more: ${listed(concerns.slice(few))}`}
          </Button>
        </div>
      )}
    </section>
  );
}

function Item({ concern: c }: { concern: Concern }) {
  const look = looks[c.severity];
  return (
    <li className="grid grid-cols-[1rem_minmax(0,1fr)] items-start gap-x-3 gap-y-2 px-4 py-3 sm:grid-cols-[1rem_minmax(0,1fr)_auto]">
      <look.icon size={16} className={cx("mt-0.5 shrink-0", look.text)} aria-hidden />
      <div className="text-sm">
        <p className="font-medium">
          <span className="sr-only">{look.word}: </span>
          {c.source ? (
            <>
              <strong className="font-semibold">{c.source}</strong> {c.title}
            </>
          ) : (
            c.title
          )}
        </p>
        <p className="break-words text-muted">
          <Said text={/[.!?]$/.test(c.reason) ? c.reason : `${c.reason}.`} />{" "}
          <span className="text-faint">
            <Said text={sentence(c.remedy)} />
          </span>
        </p>
      </div>
      <div className="max-sm:col-start-2">
        <Go concern={c} />
      </div>
    </li>
  );
}

function Go({ concern: { source, table, go } }: { concern: Concern }) {
  const { can, may } = useSession();
  const settings = go === "settings" && can("PATCH /api/v1/sources/{name}");
  const of = source ? `, ${source}` : "";
  if (go === "quarantine") {
    return (
      <LinkButton size="sm" to="/quarantine" search={{ table }} aria-label={`See the quarantine${of}`}>
        See the quarantine
      </LinkButton>
    );
  }
  if (go === "tail") {
    return (
      <LinkButton size="sm" to="/tail" search={{ source }} aria-label={`Watch it${of}`}>
        Watch it
      </LinkButton>
    );
  }
  if (go === "backups") {
    return may("admin") ? (
      <LinkButton size="sm" to="/settings" search={{ tab: "backups" }}>
        See the backups
      </LinkButton>
    ) : null;
  }
  if (!source) {
    return (
      <LinkButton size="sm" to="/settings" search={{ tab: "about" }}>
        See the disk
      </LinkButton>
    );
  }
  return (
    <LinkButton size="sm" to="/sources/$name" params={{ name: source }} search={{ tab: settings ? "settings" : "shards" }} aria-label={`${settings ? "Settings" : "See the shards"}${of}`}>
      {settings ? "Settings" : "See the shards"}
    </LinkButton>
  );
}


/** Whom the rest is about, in a line: the first few names. */
function listed(rest: readonly Concern[]): string {
  const names = [...new Set(rest.flatMap((c) => c.source ?? []))];
  return names.length > few ? `${names.slice(0, few).join(", ")} and ${number(names.length - few)} others` : names.join(", ");
}
