import { useQuery } from "@tanstack/react-query";
import { Suspense, useMemo, useRef, useState } from "react";
import { savedQueriesQuery } from "@/api/queries";
import { lazy } from "@/lib/lazy";
import { useSession } from "@/lib/session";
import { useShortcuts, type Shortcut } from "@/lib/shortcuts";
import { useTitle } from "@/ui/layout";
import { Splitter } from "@/ui/splitter";
import { isChanged, useActions } from "./actions";
import { useAddress } from "./address";
import { loadEditor } from "./editor";
import type { Editor } from "./editor/editor";
import { parameters } from "./lang/params";
import { statements } from "./lang/statements";
import { useLayout, useWide } from "./layout";
import { ParamBar } from "./param-bar";
import { dialectQuery, schemaQuery, type Dialect } from "./queries";
import { useRefresh } from "./refresh";
import type { Naming } from "./save-dialog";
import { closeTab, TabStrip } from "./tab-strip";
import { titlesOf } from "./tabs";
import { tabs, useTabs } from "./tabs-store";
import { Toolbar } from "./toolbar";
import { cancel, useWork } from "./work";

const SQLEditor = lazy(loadEditor);
const ResultPane = lazy(() => import("./result/pane"));
const Examples = lazy(() => import("./examples"));
const SidePanel = lazy(() => import("./side/panel"));
const SaveDialog = lazy(() => import("./save-dialog"));
const BoardDialog = lazy(() => import("./board-dialog"));

// Without the engine's words one can still write.
const noDialect: Dialect = { engine: "", version: "none", keywords: [], types: [], functions: [] };

export default function Workbench() {
  const state = useTabs();
  const tab = state.tabs.find((t) => t.id === state.active) ?? state.tabs[0]!;
  const work = useWork(tab.id);
  const saved = useQuery(savedQueriesQuery);
  const schema = useQuery(schemaQuery(useSession().me));
  const [layout, setLayout] = useLayout();
  const wide = useWide();
  const [drawer, setDrawer] = useState(false);
  const [selected, setSelected] = useState(false);
  const [naming, setNaming] = useState<Naming | null>(null);
  const [board, setBoard] = useState("");
  const editor = useRef<Editor>(null);

  const query = saved.data?.find((q) => q.id === tab.saved);
  const title = titlesOf(state.tabs, saved.data ?? [])[state.tabs.indexOf(tab)] ?? "";
  const names = useMemo(() => parameters(tab.sql), [tab.sql]);
  const count = useMemo(() => statements(tab.sql).length, [tab.sql]);
  const does = useActions({ editor, saved: saved.data ?? [], name: setNaming, board: setBoard });
  useTitle(`${title} · SQL`);
  useAddress(tab, query, does);
  useRefresh(tab, work);
  useQueryShortcuts(does, work.running !== undefined);

  const boarded = saved.data?.find((q) => q.id === board);
  const panelOpen = wide ? layout.open : drawer;
  const asked = work.outcomes.length > 0 || work.running || work.failure || work.plan || work.dropped || work.cancelled;
  const insert = (text: string) => editor.current?.insert(text);
  return (
    <main id="main" tabIndex={-1} className="flex h-full min-w-0 outline-none">
      <h1 className="sr-only">SQL</h1>
      {panelOpen && (
        <Suspense fallback={wide ? <div className="w-72 shrink-0 border-r bg-sunken" /> : null}>
          <SidePanel
            wide={wide}
            onClose={() => setDrawer(false)}
            panel={layout.panel}
            onPanel={(panel) => setLayout({ panel })}
            tables={schema.data}
            tablesError={schema.error}
            insert={insert}
            open={does.openSQL}
            openSaved={does.openSaved}
            openPast={does.openPast}
            name={setNaming}
          />
        </Suspense>
      )}
      <div className="flex min-w-0 flex-1 flex-col">
        <TabStrip state={state} saved={saved.data ?? []} />
        <Toolbar
          actions={does}
          work={work}
          statements={count}
          selected={selected}
          refresh={tab.refresh}
          onRefresh={(refresh) => {
            tabs.change(tab.id, { refresh });
            if (refresh === 0 && work.running?.auto) cancel(tab.id);
          }}
          state={!query ? "new" : isChanged(tab, query) ? "changed" : "saved"}
          panel={panelOpen}
          togglePanel={() => (wide ? setLayout({ open: !layout.open }) : setDrawer(!drawer))}
        />
        <ParamBar
          names={names}
          written={tab.params}
          onChange={(params, settled) => {
            tabs.change(tab.id, { params });
            if (settled) does.runWith(params);
          }}
          onRun={does.run}
        />
        <div className="flex min-h-0 flex-1 flex-col">
          <div className="min-h-20 shrink-0 overflow-hidden" style={{ height: `${layout.editor}%` }}>
            <EditorArea>
              {(dialect) => (
                <SQLEditor
                  key={dialect.version}
                  ref={editor}
                  tab={tab.id}
                  text={tab.sql}
                  dialect={dialect}
                  tables={schema.data ?? []}
                  failure={work.failure}
                  onChange={(id, sql) => tabs.change(id, { sql })}
                  onSelect={setSelected}
                  onRun={(what) => (what === "all" ? does.run() : does.runStatement())}
                />
              )}
            </EditorArea>
          </div>
          <Splitter label="Height of the editor" share={layout.editor} onChange={(share) => setLayout({ editor: share })} />
          <Suspense fallback={<div className="min-h-0 flex-1 bg-surface" />}>
            {asked ? (
              <ResultPane key={tab.id} tab={tab} title={title} work={work} onReveal={() => editor.current?.reveal()} />
            ) : tab.sql.trim() ? (
              <NotYet />
            ) : (
              <Examples tables={schema.data ?? []} loaded={!schema.isPending} open={(e) => does.openSQL(e.sql, { view: e.view, name: e.title })} />
            )}
          </Suspense>
        </div>
      </div>
      {naming && (
        <Suspense fallback={null}>
          <SaveDialog naming={naming} onClose={() => setNaming(null)} />
        </Suspense>
      )}
      {!naming && boarded && (
        <Suspense fallback={null}>
          <BoardDialog query={boarded} changed={boarded.id === query?.id && isChanged(tab, boarded)} onClose={() => setBoard("")} />
        </Suspense>
      )}
    </main>
  );
}

/** The editor, once the engine's words are there; until then a calm place of the same size. */
function EditorArea({ children }: { children: (dialect: Dialect) => React.ReactNode }) {
  const dialect = useQuery(dialectQuery);
  const words = dialect.data ?? (dialect.isError ? noDialect : undefined);
  const waiting = <div role="status" aria-label="Loading the editor" className="h-full animate-breathe bg-surface" />;
  return (
    <>
      <p id="sql-editor-help" className="sr-only">
        Escape, then Tab leaves the editor.
      </p>
      {words ? <Suspense fallback={waiting}>{children(words)}</Suspense> : waiting}
    </>
  );
}

function NotYet() {
  return <p className="min-h-0 flex-1 bg-surface px-4 py-6 text-center text-sm text-muted">Run the query to see what it gives.</p>;
}

/** The keys of the screen, and what its palette offers. */
function useQueryShortcuts(does: ReturnType<typeof useActions>, running: boolean) {
  const group = "SQL";
  useShortcuts(
    useMemo<Shortcut[]>(
      () => [
        { keys: "mod+enter", label: "Run the selection, or all statements", group, whileTyping: true, run: does.run },
        { keys: "mod+shift+enter", label: "Run the statement at the cursor", group, whileTyping: true, run: does.runStatement },
        { keys: "mod+s", label: "Save the query", group, whileTyping: true, run: does.save },
        { label: "Format the query", group, run: () => void does.format() },
        { label: "Explain the statement at the cursor", group, run: does.explain },
        { label: "New query", group, run: () => void tabs.open() },
        { label: "Close this query's tab", group, run: () => closeTab(tabs.get().active) },
        { label: "Open the closed tab again", group, run: () => tabs.reopen() },
        { label: "Add the query to a dashboard", group, run: does.toBoard },
        { label: "Copy as curl", group, run: does.copyCurl },
      ],
      [does],
    ),
  );
  useShortcuts(useMemo<Shortcut[]>(() => (running ? [{ keys: "escape", label: "Cancel the query", group, whileTyping: true, run: does.cancel }] : []), [does, running]));
}
