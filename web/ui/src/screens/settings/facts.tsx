import type { ReactNode } from "react";

/** Names and what they are, below one another; `setting` is the key that sets it. */
export function Facts({ facts }: { facts: readonly { name: string; setting?: string; value: ReactNode; says?: ReactNode }[] }) {
  return (
    <dl className="divide-y">
      {facts.map((f) => (
        <div key={f.name} className="grid gap-x-6 gap-y-0.5 py-2 first:pt-0 last:pb-0 sm:grid-cols-[14rem_minmax(0,1fr)]">
          <dt className="text-sm text-muted">
            {f.name}
            {f.setting && <code className="block text-xs break-words text-faint">{f.setting}</code>}
          </dt>
          <dd className="min-w-0 text-sm break-words tabular">
            {f.value}
            {f.says && <span className="block text-xs text-faint">{f.says}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
