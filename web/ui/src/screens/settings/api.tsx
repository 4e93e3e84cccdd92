import { Link } from "@tanstack/react-router";
import { Braces, ExternalLink, HeartPulse, LineChart, ListChecks, Terminal, type LucideIcon } from "lucide-react";
import type { Route } from "@/lib/access";
import { copy } from "@/lib/clipboard";
import { curl } from "@/lib/curl";
import { useSession } from "@/lib/session";
import { IconButton } from "@/ui/button";
import { CodeBlock } from "@/ui/code";
import { Card } from "@/ui/layout";

const doors: readonly { path: string; route: Route; name: string; says: string; icon: LucideIcon }[] = [
  { path: "/openapi.json", route: "GET /openapi.json", name: "OpenAPI", says: "Every route, its parameters and answers: for generated clients", icon: Braces },
  { path: "/metrics", route: "GET /metrics", name: "Metrics", says: "For Prometheus", icon: LineChart },
  { path: "/healthz", route: "GET /healthz", name: "Health", says: "Whether the server is alive", icon: HeartPulse },
  { path: "/readyz", route: "GET /readyz", name: "Readiness", says: "Whether it can answer queries, and which sources fail", icon: ListChecks },
];

/** Where programs come in. Whatever the console does, a script can do. */
export function ApiPart() {
  const { accounts, can } = useSession();
  const asks = can("POST /api/v1/query");
  return (
    <div className="space-y-4">
      <Card title="For programs" flush>
        <ul className="divide-y">
          {doors.filter((d) => can(d.route)).map((d) => (
            <li key={d.path} className="flex items-center gap-3 px-4 py-2.5 text-sm">
              <d.icon size={16} className="shrink-0 text-muted" aria-hidden />
              <div className="min-w-0 flex-1">
                <a href={d.path} target="_blank" rel="noreferrer" className="inline-flex items-center gap-1.5 rounded-sm font-medium text-accent hover:underline">
                  {d.name}
                  <ExternalLink size={12} aria-label="opens in a new tab" />
                </a>
                <p className="text-muted">
                  {d.says}. <code className="text-faint">{d.path}</code>
                </p>
              </div>
              <IconButton icon={Terminal} label={`Copy ${d.name} as curl`} size="sm" onClick={() => void copy(curl(d.path), "Copied as curl")} />
            </li>
          ))}
        </ul>
      </Card>
      <Card title={asks ? "A query from a shell" : "The sources from a shell"}>
        {accounts && (
          <p className="mb-3 text-sm text-muted">
            Programs come in with a token, here from the environment.{" "}
            <Link to="/profile" search={{ new: "token" }} className="text-accent hover:underline">
              Make one
            </Link>
          </p>
        )}
        {asks ? <CodeBlock text={curl("/api/v1/query", { body: { sql: "SELECT 42 AS answer" } })} label="Copy the query as curl" /> : <CodeBlock text={curl("/api/v1/sources")} label="Copy as curl" />}
      </Card>
    </div>
  );
}
