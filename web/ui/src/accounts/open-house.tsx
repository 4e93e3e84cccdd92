import { useQuery } from "@tanstack/react-query";
import { api, data } from "@/api/client";
import { quoted } from "@/lib/curl";
import { CodeBlock } from "@/ui/code";
import { Card } from "@/ui/layout";

/** As long as there is no account: what that means, and how the first one is made. */
export function OpenHouse() {
  const about = useQuery({ queryKey: ["about"], queryFn: () => data(api.GET("/api/v1/about")) });
  const dir = about.data ? ` --data ${shellWord(about.data.data_dir)}` : "";
  return (
    <Card title="Nobody needs an account here yet">
      <div className="max-w-2xl space-y-4 text-sm text-muted">
        <p>
          Helios answers everybody who reaches it, and only programs on this machine do. With the first account that ends: every request then needs somebody who is signed in, or a token, and a role that may do it.
        </p>
        <div className="space-y-1.5">
          <p>On the machine that Helios runs on, while it runs; the password is asked for:</p>
          <CodeBlock text={`helios users add you@example.com --role admin${dir}`} label="Copy the command that adds an admin" wrap />
        </div>
        <div className="space-y-1.5">
          <p>Or with the next start, where nobody sits at a terminal:</p>
          <CodeBlock text={`HELIOS_ADMIN_EMAIL=you@example.com HELIOS_ADMIN_PASSWORD_FILE=/path/to/password helios serve${dir}`} label="Copy the command that starts with an admin" wrap />
        </div>
        <p>
          Or open the link that <code>helios serve</code> prints when it starts: it makes the first account in this console, works once, and for 30 minutes.
        </p>
      </div>
    </Card>
  );
}

/** A word for a shell, in quotes only where it needs them. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quoted(text);
}
