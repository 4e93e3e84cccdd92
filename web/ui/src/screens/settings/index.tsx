import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Suspense, useMemo, type ReactNode } from "react";
import { OpenHouse } from "@/accounts/open-house";
import { api, data, problemOf, type Schemas } from "@/api/client";
import { queryClient, sourcesQuery } from "@/api/queries";
import { copy } from "@/lib/clipboard";
import { lazy } from "@/lib/lazy";
import { sessionOf, useSession, type Role } from "@/lib/session";
import { useShortcuts, type Shortcut } from "@/lib/shortcuts";
import { Needs } from "@/shell/needs";
import { Card, Page, Skeleton, useTitle } from "@/ui/layout";
import { ProblemBox } from "@/ui/problem";
import { Tabs } from "@/ui/tabs";
import { toast } from "@/ui/toast";
import { AboutPart } from "./about";
import { ApiPart } from "./api";
import { LimitsPart } from "./limits";
import type { SettingsTab } from "./search";
import { allDeclarations, SourcesPart } from "./sources";

// What most visits do not need comes when it is looked at.
const UsersPart = lazy(() => import("./users"));
const TokensPart = lazy(() => import("./tokens"));
const RolesPart = lazy(() => import("./roles"));
const AuditPart = lazy(() => import("./audit"));

interface Part {
  key: SettingsTab;
  label: string;
  content: ReactNode;
  /** Who may see it: everybody, unless a role is named. */
  role?: Role;
  /** It is of accounts: as long as there are none, it says how the first is made. */
  accounts?: boolean;
}

/** The parts of the settings, in their order: what joins them later is one more line. */
const parts: readonly Part[] = [
  { key: "about", label: "About", content: <WithAbout>{(about) => <AboutPart about={about} />}</WithAbout> },
  { key: "users", label: "Users", content: <UsersPart />, role: "admin", accounts: true },
  { key: "tokens", label: "Tokens", content: <TokensPart />, role: "admin", accounts: true },
  { key: "roles", label: "Roles", content: <RolesPart /> },
  { key: "audit", label: "Audit log", content: <AuditPart />, role: "admin", accounts: true },
  { key: "limits", label: "Limits", content: <WithAbout>{(about) => <LimitsPart limits={about.limits} />}</WithAbout> },
  { key: "sources", label: "Sources as YAML", content: <SourcesPart />, role: "editor" },
  { key: "api", label: "API", content: <ApiPart /> },
];

export default function Screen() {
  useTitle("Settings");
  const { tab = "about" } = useSearch({ from: "/settings" });
  const navigate = useNavigate({ from: "/settings" });
  const { accounts, me } = useSession();
  const offered = useMemo(() => {
    const { may } = sessionOf({ accounts, me });
    return parts.filter((p) => !p.role || may(p.role));
  }, [accounts, me]);
  const shortcuts = useMemo<Shortcut[]>(
    () => [
      ...offered.map((p) => ({ label: `Settings: ${p.label}`, group: "Settings", run: () => void navigate({ search: { tab: p.key } }) })),
      ...(accounts && offered.some((p) => p.key === "users") ? [{ label: "Invite a user", group: "Settings", run: () => void navigate({ search: { tab: "users", new: "user" } }) }] : []),
      ...(offered.some((p) => p.key === "sources") ? [{ label: "Copy all sources as YAML", group: "Settings", run: () => void copyAll() }] : []),
    ],
    [accounts, offered, navigate],
  );
  useShortcuts(shortcuts);
  const asked = parts.find((p) => p.key === tab);
  const page = (
    <Page title="Settings">
      <Tabs
        label="Parts of the settings"
        value={tab}
        onChange={(t) => void navigate({ search: { tab: t === "about" ? undefined : t } })}
        tabs={offered.map((p) => ({ ...p, content: <Suspense fallback={<Coming />}>{p.accounts && !accounts ? <OpenHouse /> : p.content}</Suspense> }))}
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
