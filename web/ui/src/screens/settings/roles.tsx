import { Check, ChevronRight } from "lucide-react";
import { Fragment } from "react";
import { roleSays } from "@/accounts/roles";
import { roles, useSession, type Role } from "@/lib/session";
import { Badge, Card } from "@/ui/layout";
import { cx } from "@/ui/cx";
import { abilities, needsOf, type Ability } from "./abilities";

/** What each role may do. */
export default function RolesPart() {
  const { accounts, me } = useSession();
  const own = accounts ? me?.role : undefined;
  return (
    <div className="space-y-4">
      <Card flush title="What each role may do">
        <dl className="divide-y border-b text-sm">
          {roles.map((r) => (
            <div key={r} className="grid gap-x-4 px-4 py-2 sm:grid-cols-[8rem_minmax(0,1fr)]">
              <dt className="flex items-center gap-2 font-medium">
                {r}
                {r === own && <Badge tone="accent">you</Badge>}
              </dt>
              <dd className="text-muted">{roleSays[r]}.</dd>
            </div>
          ))}
        </dl>
        <table className="w-full table-fixed text-sm">
            <thead>
              <tr className="border-b text-2xs text-faint sm:text-xs">
                <th scope="col" className="px-4 py-2 text-left font-normal">
                  Who may
                </th>
                {roles.map((r) => (
                  <th key={r} scope="col" className={cx("w-11 py-2 text-center sm:w-20", r === own ? "font-semibold text-ink" : "font-normal")}>
                    {r}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody className="divide-y">
              {abilities.map((g) => (
                <Fragment key={g.group}>
                  <tr>
                    <th scope="colgroup" colSpan={1 + roles.length} className="bg-sunken px-4 py-1.5 text-left text-xs font-medium text-muted">
                      {g.group}
                    </th>
                  </tr>
                  {g.abilities.map((a) => (
                    <Line key={a.says} ability={a} />
                  ))}
                </Fragment>
              ))}
            </tbody>
        </table>
      </Card>
      <p className="text-xs text-faint">A user or a token, admins apart, may also be limited to some tables: SQL, the tail, the quarantine and saved queries then show nothing else. Without any account there are no roles: everybody may do everything.</p>
    </div>
  );
}

function Line({ ability }: { ability: Ability }) {
  const { role, whole } = needsOf(ability);
  return (
    <tr>
      <th scope="row" className="py-1.5 pr-2 pl-3 text-left font-normal">
        <details className="group">
          <summary className="flex list-none gap-1 rounded-sm hover:text-accent">
            <ChevronRight size={14} aria-hidden className="mt-0.75 shrink-0 text-faint transition-transform group-open:rotate-90" />
            <span>
              {ability.says}
              {whole && <span className="block text-xs text-faint">not with a limit to some tables</span>}
            </span>
          </summary>
          <ul className="my-1 pl-4.5 text-xs text-faint">
            {ability.routes.map((r) => (
              <li key={r}>
                <code className="break-all">{r}</code>
              </li>
            ))}
          </ul>
        </details>
      </th>
      {roles.map((r) => (
        <td key={r} className="py-1.5 text-center align-top">
          <Mark may={allows(r, role)} />
        </td>
      ))}
    </tr>
  );
}

const allows = (role: Role, needed: Role) => roles.indexOf(role) >= roles.indexOf(needed);

function Mark({ may }: { may: boolean }) {
  return may ? (
    <>
      <Check size={15} aria-hidden className="mx-auto my-0.5 text-good" />
      <span className="sr-only">yes</span>
    </>
  ) : (
    <>
      <span aria-hidden className="text-faint">
        –
      </span>
      <span className="sr-only">no</span>
    </>
  );
}
