import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Suspense, useMemo, type ReactNode } from "react";
import { OpenHouse } from "@/accounts/open-house";
import { api, data, problemOf, type Schemas } from "@/api/client";
import { queryClient, sourcesQuery } from "@/api/queries";
import { copy } from "@/lib/clipboard";
import { lazy } from "@/lib/lazy";
import { sessionOf, useSession } from "@/lib/session";
import { useShortcuts, type Shortcut } from "@/lib/shortcuts";
import { Needs } from "@/shell/needs";
import { Card, Page, Skeleton, useTitle } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import { Tabs } from "@/ui/tabs";
import { toast } from "@/ui/toast";
import { AboutPart } from "./about";
import { ApiPart } from "./api";
import { LimitsPart } from "./limits";
import { settingsParts } from "./parts";
import type { SettingsTab } from "./search";
import { allDeclarations, SourcesPart } from "./sources";

// What most visits do not need comes when it is looked at.
const UsersPart = lazy(() => import("./users"));
const TokensPart = lazy(() => import("./tokens"));
const RolesPart = lazy(() => import("./roles"));
const AuditPart = lazy(() => import("./audit"));
const BackupsPart = lazy(() => import("./backups"));

const contents: Record<SettingsTab, ReactNode> = {
  about: <WithAbout>{(about) => <AboutPart about={about} />}</WithAbout>,
  users: <UsersPart />,
  tokens: <TokensPart />,
  roles: <RolesPart />,
  audit: <AuditPart />,
  backups: <BackupsPart />,
  limits: <WithAbout>{(about) => <LimitsPart limits={about.limits} />}</WithAbout>,
  sources: <SourcesPart />,
  api: <ApiPart />,
};

export default function Screen() {
  useTitle("Settings");
  const { tab = "about" } = useSearch({ from: "/settings" });
  const navigate = useNavigate({ from: "/settings" });
  const { accounts, me } = useSession();
  const offered = useMemo(() => {
    const { may } = sessionOf({ accounts, me });
    return settingsParts.filter((p) => !p.role || may(p.role));
  }, [accounts, me]);
  const shortcuts = useMemo<Shortcut[]>(
    () => (offered.some((p) => p.key === "sources") ? [{ label: "Copy all sources as YAML", group: "Settings", run: () => void copyAll() }] : []),
    [offered],
  );
  useShortcuts(shortcuts);
  const asked = settingsParts.find((p) => p.key === tab);
  const page = (
    <Page title="Settings">
      <Tabs
        label="Parts of the settings"
        value={tab}
        onChange={(t) => void navigate({ search: { tab: t === "about" ? undefined : t } })}
        tabs={offered.map((p) => ({ ...p, content: <Suspense fallback={<Coming />}>{p.accounts && !accounts ? <OpenHouse /> : contents[p.key]}</Suspense> }))}
      />
    </Page>
  );
  return asked?.role ? (
    <Needs role={asked.role} title={`Settings: ${asked.label}`}>
      {page}
    </Needs>
  ) : (
    page
  );
}

function Coming() {
  return (
    <Card>
      <Skeleton lines={8} />
    </Card>
  );
}

function WithAbout({ children }: { children: (about: Schemas["About"]) => ReactNode }) {
  const about = useQuery({ queryKey: ["about"], queryFn: () => data(api.GET("/api/v1/about")), refetchInterval: 5000 });
  if (about.data) return children(about.data);
  return about.error ? (
    <ProblemBox error={about.error} retry={() => void about.refetch()} />
  ) : (
    <Coming />
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
