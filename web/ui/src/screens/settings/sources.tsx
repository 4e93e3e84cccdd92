import { useQuery } from "@tanstack/react-query";
import { Download, FileCode2 } from "lucide-react";
import { api, data } from "@/api/client";
import { sourcesQuery } from "@/api/queries";
import { save } from "@/lib/clipboard";
import { Button, LinkButton } from "@/ui/button";
import { CodeBlock } from "@/ui/code";
import { Card, Empty, Skeleton } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import { together } from "./declared";

/** All sources as helios.yaml declares them. */
export async function allDeclarations(names: readonly string[]): Promise<string> {
  const texts: string[] = [];
  // One after the other: there may be many, and nobody is in a hurry.
  for (const name of names) texts.push(await data(api.GET("/api/v1/sources/{name}/yaml", { params: { path: { name } }, parseAs: "text" })));
  return together(texts);
}

export function SourcesPart() {
  const names = useQuery({ ...sourcesQuery, select: (all) => all.map((s) => s.settings.name) });
  const yaml = useQuery({ queryKey: ["sources", "yaml", names.data], queryFn: () => allDeclarations(names.data ?? []), enabled: !!names.data?.length });
  const error = names.error ?? yaml.error;
  if (names.data?.length === 0) {
    return (
      <Card>
        <Empty icon={FileCode2} title="No source is connected" actions={<LinkButton to="/connect" kind="primary">Connect a stream</LinkButton>}>
          Once there is one, it can be declared in helios.yaml, so that another Helios begins with the same.
        </Empty>
      </Card>
    );
  }
  return (
    <Card
      title="Sources for helios.yaml"
      actions={
        yaml.data && (
          <Button size="sm" icon={Download} onClick={() => save(yaml.data, "helios.yaml", "text/yaml")}>
            Save
          </Button>
        )
      }
    >
      <p className="mb-3 text-sm text-muted">Put it into the settings file, and a Helios that is started with it connects the same streams in the same way. Only what differs from the defaults is written down.</p>
      {yaml.data ? <CodeBlock tall text={yaml.data} label="Copy the sources as YAML" /> : error ? <ProblemBox error={error} retry={() => void yaml.refetch()} /> : <Skeleton lines={8} />}
    </Card>
  );
}
