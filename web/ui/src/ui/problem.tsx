import { CircleAlert } from "lucide-react";
import { problemOf } from "@/api/client";
import { duration } from "@/lib/format";
import { useNow } from "@/lib/time";
import { Button } from "./button";
import { CodeBlock } from "./code";

/** An error: what failed, what to try next, and where AWS refused, the policy to paste. */
export function ProblemBox({ error, retry, title }: { error: unknown; retry?: () => void; title?: string }) {
  const p = problemOf(error);
  return (
    <div role="alert" className="flex flex-wrap gap-2.5 rounded-md border border-bad/40 bg-bad-soft px-3 py-2.5 text-sm text-ink">
      <CircleAlert size={16} className="mt-0.5 shrink-0 text-bad" aria-hidden />
      <div className="min-w-0 flex-1 basis-60 space-y-1.5 max-sm:basis-[calc(100%-3rem)]">
        {title && <p className="font-semibold">{title}</p>}
        <p className="break-words"><Said text={sentence(p.message)} /></p>
        {p.hint && <p className="break-words text-muted"><Said text={sentence(p.hint)} /></p>}
        {p.retryAt && <TryAgain at={p.retryAt} />}
        {p.body.errors?.map((e, i) => (
          <p key={i} className="text-muted">
            <code>{e.location}</code>: {e.message}
          </p>
        ))}
        {p.body.policy && (
          <>
            <p className="text-muted">
              {p.body.action && (
                <>
                  The permission <code>{p.body.action}</code> is missing.{" "}
                </>
              )}
              This policy gives what Helios needs, and nothing else:
            </p>
            <CodeBlock text={p.body.policy} label="Copy the policy" />
          </>
        )}
      </div>
      {retry && (
        <Button size="sm" className="max-sm:ml-6.5" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** When it is worth another try. It is read out once, with the error, and not anew each second. */
function TryAgain({ at }: { at: number }) {
  const left = at - useNow();
  return (
    <p className="text-muted tabular" aria-live="off">
      {left > 0 ? `Worth another try in ${duration(Math.ceil(left / 1000) * 1000)}.` : "Worth another try now."}
    </p>
  );
}

/** A text in which `this` is code. */
export function Said({ text }: { text: string }) {
  return text.split("`").map((part, i) => (i % 2 ? <code key={i}>{part}</code> : part));
}

/** A text of the server as a sentence: with a capital and a full stop. */
export function sentence(text: string): string {
  const t = text.trim();
  if (!t) return t;
  return t[0]!.toUpperCase() + t.slice(1) + (/[.!?:…]$/.test(t) ? "" : ".");
}
