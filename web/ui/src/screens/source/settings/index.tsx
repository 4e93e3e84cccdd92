import { useQuery } from "@tanstack/react-query";
import { Download, Terminal, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { copy, save } from "@/lib/clipboard";
import { curl } from "@/lib/curl";
import { exactTime, number } from "@/lib/format";
import { Button } from "@/ui/button";
import { CodeBlock } from "@/ui/code";
import { Card, Skeleton, Time } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import { declaration, type Source, type TableInfo } from "../queries";
import { EventTimeCard, ReadingCard } from "./reading";
import { RetentionCard } from "./retention";

/** What a person decides about a source, and the whole of it as text. */
export function SourceSettings({ source, table, onRemove }: { source: Source; table: TableInfo | undefined; onRemove: () => void }) {
  const { name } = source.settings;
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <div className="min-w-0 space-y-4">
        <RetentionCard source={source} />
        <ReadingCard source={source} />
        <EventTimeCard source={source} table={table} />
      </div>
      <div className="min-w-0 space-y-4">
        <Declaration name={name} />
        <Connection source={source} />
        <Card title="Remove">
          <div className="flex flex-wrap items-center gap-3">
            <p className="min-w-0 flex-1 basis-56 text-sm text-muted">The stream is not read any more. The table can stay, or go with it.</p>
            <Button kind="danger" icon={Trash2} onClick={onRemove}>
              Remove {name}…
            </Button>
          </div>
        </Card>
      </div>
    </div>
  );
}

function Declaration({ name }: { name: string }) {
  const yaml = useQuery({ queryKey: ["sources", name, "yaml"], queryFn: () => declaration(name) });
  return (
    <Card
      title="As YAML for helios.yaml"
      actions={
        yaml.data && (
          <Button kind="quiet" size="sm" icon={Download} onClick={() => save(yaml.data, `${name}.yaml`, "text/yaml")}>
            Save
          </Button>
        )
      }
    >
      {yaml.data ? (
        <CodeBlock text={yaml.data} label={`Copy ${name} as YAML`} />
      ) : yaml.error ? (
        <ProblemBox error={yaml.error} retry={() => void yaml.refetch()} />
      ) : (
        <Skeleton lines={5} />
      )}
    </Card>
  );
}

const aggregates: Record<string, string> = { auto: "those of the KPL are left for it to send again, others kept", keep: "kept", drop: "dropped" };

/** What stays as it was when the stream was connected. */
function Connection({ source }: { source: Source }) {
  const s = source.settings;
  const { region, endpoint, profile, role_arn } = s.connection;
  return (
    <Card
      title="Connection"
      actions={
        <Button kind="quiet" size="sm" icon={Terminal} onClick={() => void copy(curl(`/api/v1/sources/${encodeURIComponent(s.name)}`), "Copied as curl")}>
          Copy as curl
        </Button>
      }
    >
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-5 gap-y-2 text-sm">
        <Row label="Stream">{s.stream}</Row>
        {region && <Row label="Region">{region}</Row>}
        {endpoint && <Row label="Endpoint">{endpoint}</Row>}
        {profile && <Row label="Profile">{profile}</Row>}
        {role_arn && <Row label="Role">{role_arn}</Row>}
        <Row label="Began from">{s.from.kind === "horizon" ? "the oldest record" : s.from.kind === "latest" ? "the newest record" : s.from.at ? exactTime(s.from.at) : s.from.kind}</Row>
        <Row label="New fields">{s.evolve === "fixed" ? "send events to quarantine" : "become columns"}</Row>
        <Row label="Bounds">
          {number(s.max_columns)} columns, paths of {number(s.max_depth)} names
        </Row>
        <Row label="Foreign user records">{aggregates[s.aggregates] ?? s.aggregates}</Row>
        <Row label="Connected">
          <Time at={s.created_at} />
        </Row>
      </dl>
    </Card>
  );
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{label}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}
