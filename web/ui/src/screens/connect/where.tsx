// Where the streams are: AWS, or an endpoint that speaks as Kinesis does.
import { useQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useState } from "react";
import { api, data, type Schemas } from "@/api/client";
import { sourcesQuery } from "@/api/queries";
import { Button } from "@/ui/button";
import { Field, Input, Segmented, Select } from "@/ui/form";
import { ProblemBox } from "@/ui/problem";
import { connectionOf, whereOf, type Connection, type ConnectSearch } from "./search";

export const awsQuery = { queryKey: ["aws"], queryFn: () => data(api.GET("/api/v1/aws")), staleTime: 60_000 };

/** The place in a few words. */
export function placeOf(s: ConnectSearch, defaultRegion?: string): string {
  if (s.where === "endpoint") return [s.endpoint, s.region].filter(Boolean).join(" · ");
  return ["AWS", s.region ?? defaultRegion ?? "default region", s.profile && `profile ${s.profile}`, s.role_arn && `role ${s.role_arn.split("/").at(-1)}`].filter(Boolean).join(" · ");
}

export function Where({ search, choose, keep }: { search: ConnectSearch; choose: (s: ConnectSearch) => void; keep: (() => void) | undefined }) {
  const [draft, setDraft] = useState<ConnectSearch>({ ...whereOf(search), where: search.where ?? "aws" });
  const aws = useQuery(awsQuery);
  const wrong = problemsOf(draft, aws.data);
  const [tried, setTried] = useState(false);
  const set = (change: Partial<ConnectSearch>) => setDraft((old) => ({ ...old, ...change }));
  const known = useKnownPlaces();
  return (
    <form
      className="max-w-2xl space-y-4"
      noValidate
      onSubmit={(e) => {
        e.preventDefault();
        setTried(true);
        if (Object.keys(wrong).length === 0) choose({ where: draft.where, ...connectionOf({ ...draft, endpoint: urlOf(draft.endpoint) }) });
      }}
    >
      <Segmented
        label="Where the streams are"
        value={draft.where ?? "aws"}
        onChange={(where) => set({ where })}
        options={[
          { value: "aws", label: "Amazon Web Services" },
          { value: "endpoint", label: "Another endpoint" },
        ]}
      />
      {draft.where === "endpoint" ? (
        <div className="grid gap-4 sm:grid-cols-[2fr_1fr]">
          <Field label="URL of the endpoint" hint="Of a server that speaks as Kinesis does: the demo's, or another emulator." error={tried ? wrong.endpoint : undefined}>
            {(control) => <Input {...control} type="url" className="w-full" placeholder="http://127.0.0.1:4567" value={draft.endpoint ?? ""} onChange={(e) => set({ endpoint: e.target.value.trim() })} autoComplete="off" spellCheck={false} />}
          </Field>
          <Field label="Region" hint="Only if it asks for one.">
            {(control) => <Input {...control} className="w-full" placeholder="us-east-1" value={draft.region ?? ""} onChange={(e) => set({ region: e.target.value.trim() })} autoComplete="off" spellCheck={false} />}
          </Field>
        </div>
      ) : (
        <Amazon draft={draft} set={set} aws={aws.data} wrong={tried ? wrong : {}} />
      )}
      {draft.where !== "endpoint" && aws.error && <ProblemBox error={aws.error} retry={() => void aws.refetch()} />}
      {draft.where !== "endpoint" && aws.data && <Credentials found={aws.data.credentials} profile={draft.profile} />}
      <div className="flex flex-wrap items-center gap-2">
        <Button type="submit" kind="primary">
          Show the streams
        </Button>
        {keep && (
          <Button kind="quiet" onClick={keep}>
            Keep it as it is
          </Button>
        )}
        {known.map((k) => (
          <Button key={k.label} onClick={() => choose({ where: k.connection.endpoint ? "endpoint" : "aws", ...k.connection })} title={k.label}>
            <span className="max-w-64 truncate">The same as {k.source}</span>
          </Button>
        ))}
      </div>
    </form>
  );
}

function Amazon({ draft, set, aws, wrong }: { draft: ConnectSearch; set: (change: Partial<ConnectSearch>) => void; aws: Schemas["Cloud"] | undefined; wrong: Wrong }) {
  const regions = aws?.regions ?? [];
  const profiles = aws?.profiles ?? [];
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field label="Region" error={wrong.region}>
        {(control) => (
          <Select {...control} className="w-full" value={draft.region ?? ""} onChange={(e) => set({ region: e.target.value || undefined })}>
            <option value="">{aws?.region ? `The server's own: ${aws.region}` : draft.profile || !aws ? "As it is configured" : "Choose a region"}</option>
            {draft.region && !regions.some((r) => r.name === draft.region) && <option value={draft.region}>{draft.region}</option>}
            {regions.map((r) => (
              <option key={r.name} value={r.name}>
                {r.title} · {r.name}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Profile" hint={aws && !profiles.length ? "The server's AWS configuration has no profiles." : undefined}>
        {(control) => (
          <Select {...control} className="w-full" value={draft.profile ?? ""} onChange={(e) => set({ profile: e.target.value || undefined })}>
            <option value="">None: the standard chain</option>
            {draft.profile && !profiles.includes(draft.profile) && <option value={draft.profile}>{draft.profile}</option>}
            {profiles.map((p) => (
              <option key={p} value={p}>
                {p}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label="Role to assume" hint="Optional: the ARN of a role, for streams of another account." error={wrong.role_arn} className="sm:col-span-2">
        {(control) => <Input {...control} className="w-full" placeholder="arn:aws:iam::123456789012:role/helios-reader" value={draft.role_arn ?? ""} onChange={(e) => set({ role_arn: e.target.value.trim() || undefined })} autoComplete="off" spellCheck={false} />}
      </Field>
    </div>
  );
}

/** What the server finds by itself: whose credentials it would use, or how to give it some. */
function Credentials({ found: c, profile }: { found: Schemas["CloudCredentials"]; profile: string | undefined }) {
  if (profile) return null; // the standard chain is not asked then
  return (
    <p className="flex gap-2 text-sm text-muted">
      <KeyRound size={15} className={c.found ? "mt-0.5 shrink-0 text-good" : "mt-0.5 shrink-0 text-warn"} aria-hidden />
      <span className="min-w-0 break-words">
        {c.found ? (
          <>
            The server has credentials{c.source ? `: ${c.source}` : ""}.{c.detail ? ` ${c.detail}` : ""}
          </>
        ) : (
          <>
            The server finds no credentials{c.detail ? `: ${c.detail}` : ""}. Give it some the way AWS tools take them: a profile (<code>aws configure</code>, <code>aws sso login</code>), <code>AWS_ACCESS_KEY_ID</code>, or the role of its instance.
          </>
        )}
      </span>
    </p>
  );
}

interface Wrong {
  endpoint?: string;
  region?: string;
  role_arn?: string;
}

function problemsOf(draft: ConnectSearch, aws: Schemas["Cloud"] | undefined): Wrong {
  if (draft.where === "endpoint") {
    const endpoint = urlOf(draft.endpoint);
    const url = endpoint && URL.canParse(endpoint) ? new URL(endpoint) : null;
    return url && (url.protocol === "http:" || url.protocol === "https:") ? {} : { endpoint: "That is no URL: it looks like http://127.0.0.1:4567." };
  }
  const wrong: Wrong = {};
  if (aws && !aws.region && !draft.region && !draft.profile) wrong.region = "The server has no region of its own: choose one.";
  if (draft.role_arn && !/^arn:[\w-]+:iam::\d{12}:role\/.+/.test(draft.role_arn)) wrong.role_arn = "That is no ARN of a role: it looks like arn:aws:iam::123456789012:role/name.";
  return wrong;
}

/** What was typed for an endpoint as a URL: before a host and a port many leave out http://. */
function urlOf(typed: string | undefined): string | undefined {
  return typed && /^(\[[\da-f:]+\]|[\w.-]+)(:\d+)?(\/\S*)?$/i.test(typed) ? `http://${typed}` : typed;
}

/** Where the connected sources read, each place once: most streams are where others are. */
function useKnownPlaces(): { label: string; source: string; connection: Connection }[] {
  const { data: sources = [] } = useQuery(sourcesQuery);
  const places = new Map<string, { label: string; source: string; connection: Connection }>();
  for (const { settings } of sources) {
    const { region, profile, role_arn, endpoint } = settings.connection;
    const connection = connectionOf({ where: endpoint ? "endpoint" : "aws", region, profile, role_arn, endpoint });
    const label = placeOf({ where: endpoint ? "endpoint" : "aws", ...connection });
    if (!places.has(label)) places.set(label, { label, source: settings.name, connection });
  }
  return [...places.values()].slice(0, 3);
}
