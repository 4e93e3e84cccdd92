import { useCallback } from "react";
import { Find } from "@/accounts/find";
import { Field, Input, Select } from "@/ui/form";
import type { AuditFilter, auditRanges } from "../search";
import { actionGroups, actionName } from "./actions";
import { fieldOf, momentOf } from "./filter";

const ranges: readonly { value: (typeof auditRanges)[number]; label: string }[] = [
  { value: "1h", label: "The last hour" },
  { value: "24h", label: "The last 24 hours" },
  { value: "7d", label: "The last 7 days" },
  { value: "30d", label: "The last 30 days" },
];

const day = 86_400_000;

/** What is looked for: text, an action, a time. All of it stands in the address. */
export function Filters({ filter, onChange }: { filter: AuditFilter; onChange: (change: AuditFilter) => void }) {
  const { find, action, range, from, until } = filter;
  const search = useCallback((text: string | undefined) => onChange({ find: text }), [onChange]);
  const between = from !== undefined || until !== undefined;
  const choose = (value: string) => {
    if (value !== "between") onChange({ range: ranges.find((r) => r.value === value)?.value, from: undefined, until: undefined });
    else onChange({ range: undefined, from: new Date(Date.now() - day).toISOString(), until: new Date().toISOString() });
  };
  const known = action === undefined || actionName(action) !== action;
  return (
    <div role="search" aria-label="The audit log" className="flex flex-wrap items-end gap-2 border-b px-4 py-2.5">
      <Find label="Find in the audit log" placeholder="Who, from where, what, or text of a query" value={find} onChange={search} />
      <Select aria-label="Action" value={action ?? ""} onChange={(e) => onChange({ action: e.target.value || undefined })} className="max-sm:min-w-0 max-sm:flex-1 max-sm:basis-28">
        <option value="">Every action</option>
        {!known && <option value={action}>{action}</option>}
        {actionGroups.map((g) => (
          <optgroup key={g.group} label={g.group}>
            {Object.entries(g.actions).map(([code, name]) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
          </optgroup>
        ))}
      </Select>
      <Select aria-label="Time" value={between ? "between" : (range ?? "")} onChange={(e) => choose(e.target.value)} className="max-sm:min-w-0 max-sm:flex-1 max-sm:basis-28">
        <option value="">Any time</option>
        {ranges.map((r) => (
          <option key={r.value} value={r.value}>
            {r.label}
          </option>
        ))}
        <option value="between">Between…</option>
      </Select>
      {between && (
        <div className="flex w-full flex-wrap gap-2">
          <Field label="From" className="flex items-center gap-2 space-y-0">
            {(control) => <Input {...control} type="datetime-local" value={fieldOf(from)} onChange={(e) => onChange({ from: momentOf(e.target.value) })} />}
          </Field>
          <Field label="Until" className="flex items-center gap-2 space-y-0">
            {(control) => <Input {...control} type="datetime-local" value={fieldOf(until)} onChange={(e) => onChange({ until: momentOf(e.target.value) })} />}
          </Field>
        </div>
      )}
    </div>
  );
}
