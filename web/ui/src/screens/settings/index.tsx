import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";
import { api, data, problemOf, type Schemas } from "@/api/client";
import { queryClient, sourcesQuery } from "@/api/queries";
import { copy } from "@/lib/clipboard";
import { useShortcuts, type Shortcut } from "@/lib/shortcuts";
import { Card, Page, Skeleton, useTitle } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import { Tabs } from "@/ui/tabs";
import { toast } from "@/ui/toast";
import { AboutPart } from "./about";
import { ApiPart } from "./api";
import { LimitsPart } from "./limits";
import type { SettingsTab } from "./search";
import { allDeclarations, SourcesPart } from "./sources";

/** The parts of the settings, in their order: what joins them later is one more line. */
const parts: readonly { key: SettingsTab; label: string; content: ReactNode }[] = [
  { key: "about", label: "About", content: <WithAbout>{(about) => <AboutPart about={about} />}</WithAbout> },
  { key: "limits", label: "Limits", content: <WithAbout>{(about) => <LimitsPart limits={about.limits} />}</WithAbout> },
  { key: "sources", label: "Sources as YAML", content: <SourcesPart /> },
  { key: "api", label: "API", content: <ApiPart /> },
];

export default function Screen() {
  useTitle("Settings");
  const { tab = "about" } = useSearch({ from: "/settings" });
  const navigate = useNavigate({ from: "/settings" });
  const shortcuts = useMemo<Shortcut[]>(
    () => [
      ...parts.map((p) => ({ label: `Settings: ${p.label}`, group: "Settings", run: () => void navigate({ search: { tab: p.key } }) })),
      { label: "Copy all sources as YAML", group: "Settings", run: () => void copyAll() },
    ],
    [navigate],
  );
  useShortcuts(shortcuts);
  return (
    <Page title="Settings">
      <Tabs label="Parts of the settings" value={tab} onChange={(t) => void navigate({ search: { tab: t === "about" ? undefined : t } })} tabs={parts} />
    </Page>
  );
}

function WithAbout({ children }: { children: (about: Schemas["About"]) => ReactNode }) {
  const about = useQuery({ queryKey: ["about"], queryFn: () => data(api.GET("/api/v1/about")), refetchInterval: 5000 });
  if (about.data) return children(about.data);
  return about.error ? (
    <ProblemBox error={about.error} retry={() => void about.refetch()} />
  ) : (
    <Card>
      <Skeleton lines={8} />
    </Card>
  );
}

async function copyAll() {
  try {
    const sources = await queryClient.fetchQuery(sourcesQuery);
    await copy(await allDeclarations(sources.map((s) => s.settings.name)), "Copied for helios.yaml");
  } catch (error) {
    toast(problemOf(error).message, "bad");
  }
}
