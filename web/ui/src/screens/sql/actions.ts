// What a person does with queries: running, explaining, saving, sharing them.
import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useMemo, useRef, type RefObject } from "react";
import { api, data, problemOf } from "@/api/client";
import { savedQueriesQuery } from "@/api/queries";
import { queryBody } from "@/data/result";
import { copy } from "@/lib/clipboard";
import { curl } from "@/lib/curl";
import { loaded } from "@/lib/lazy";
import { toast } from "@/ui/toast";
import { addressOf, maxAddress } from "./address";
import type { Editor } from "./editor/editor";
import { isTime, meaning, parameters, valuesFor, writtenParams, type Written } from "./lang/params";
import { statementAt, statements, type Statement } from "./lang/statements";
import type { Past, SavedQuery } from "./queries";
import type { Naming } from "./save-dialog";
import { sameChart, titleOf, usualView, type Start, type Tab } from "./tabs";
import { tabs } from "./tabs-store";
import { cancel, explain, maxStatements, run, workOf } from "./work";

interface Screen {
  editor: RefObject<Editor | null>;
  saved: readonly SavedQuery[];
  name: (naming: Naming) => void;
  /** Asks for the dashboard that the saved query of this id goes to. */
  board: (id: string) => void;
}

/** The actions stay the same for as long as the screen is there: they look at what is current when they are called. */
export function useActions(screen: Screen) {
  const latest = useRef(screen);
  latest.current = screen;
  const client = useQueryClient();
  const router = useRouter();
  return useMemo(() => {
    const current = (): Tab => {
      const { tabs: all, active } = tabs.get();
      return all.find((t) => t.id === active) ?? all[0]!;
    };
    const read = () => {
      const text = latest.current.editor.current?.read() ?? { text: current().sql, from: 0, to: 0 };
      return { ...text, tab: current() };
    };
    const savedOf = (tab: Tab) => latest.current.saved.find((q) => q.id === tab.saved);

    const go = (list: readonly Statement[], text: string, tab: Tab) => {
      if (list.length === 0) return toast("There is no statement here");
      if (list.length > maxStatements) toast(`The first ${maxStatements} of ${list.length} statements run`);
      void run(tab.id, { statements: list, written: tab.params, text });
    };
    /** The statements that are selected, or all of them. */
    const runAll = () => {
      const { text, from, to, tab } = read();
      go(from < to ? statements(text.slice(from, to), from) : statements(text), text, tab);
    };
    const atCursor = () => {
      const { text, from, to, tab } = read();
      return { tab, text, statement: from < to ? statements(text.slice(from, to), from)[0] : statementAt(text, from) };
    };
    const openTab = (start: Partial<Tab>) => {
      latest.current.editor.current?.read();
      const id = tabs.open(start);
      const tab = tabs.find(id);
      if (tab && tab.sql === start.sql) go(statements(tab.sql), tab.sql, tab);
    };

    const saveAs = (then?: (id: string) => void) => {
      const { tab } = read();
      if (statements(tab.sql).length === 0) return toast("There is no statement to save");
      latest.current.name({
        title: "Save the query",
        action: "Save",
        name: tab.name ?? (savedOf(tab) ? `${savedOf(tab)?.name} 2` : titleOf(tab)),
        description: savedOf(tab)?.description ?? "",
        save: async (name, description) => {
          const query = await data(api.POST("/api/v1/saved-queries", { body: { name, description, ...bodyOf(tab) } }));
          client.setQueryData(savedQueriesQuery.queryKey, (old) => (old ? [...old.filter((q) => q.id !== query.id), query] : old));
          tabs.change(tab.id, { saved: query.id, name: undefined });
          await client.invalidateQueries({ queryKey: savedQueriesQuery.queryKey });
          toast("Saved");
          then?.(query.id);
        },
      });
    };
    const save = async () => {
      const { tab } = read();
      const query = savedOf(tab);
      if (!query) return saveAs();
      try {
        await data(api.PUT("/api/v1/saved-queries/{id}", { params: { path: { id: query.id } }, body: { name: query.name, description: query.description, ...bodyOf(tab) } }));
        toast("Saved");
      } catch (error) {
        const problem = problemOf(error);
        if (problem.code !== "not_found") return toast(problem.message, "bad");
        // Somebody has deleted it in the meantime.
        tabs.change(tab.id, { saved: undefined });
        saveAs();
      }
      await client.invalidateQueries({ queryKey: savedQueriesQuery.queryKey });
    };

    return {
      run: runAll,
      runStatement: () => {
        const { tab, text, statement } = atCursor();
        go(statement ? [statement] : [], text, tab);
      },
      /** Runs what ran last with other parameters. */
      runWith: (written: Written) => {
        const tab = current();
        const { last } = workOf(tab.id);
        if (last) void run(tab.id, { ...last, written });
      },
      cancel: () => {
        const tab = current();
        cancel(tab.id);
        if (tab.refresh === 0) return;
        tabs.change(tab.id, { refresh: 0 });
        toast("It does not run anew by itself any more");
      },
      explain: () => {
        const { tab, statement } = atCursor();
        if (!statement) return toast("There is no statement here");
        explain(tab.id, { sql: statement.sql, params: valuesFor(statement.sql, tab.params, Date.now()), analyze: false });
      },
      format: async () => {
        const { text } = read();
        try {
          const { format } = await loaded(() => import("./format"));
          latest.current.editor.current?.replace(format(text));
          latest.current.editor.current?.focus();
        } catch {
          toast("This cannot be formatted: there is something in it that is not understood", "bad");
        }
      },
      save: () => void save(),
      saveAs: () => saveAs(),
      /** A dashboard shows saved queries: one that is none becomes one first. */
      toBoard: () => {
        const query = savedOf(read().tab);
        if (query) latest.current.board(query.id);
        else saveAs((id) => latest.current.board(id));
      },
      copyLink: () => {
        const { tab } = read();
        const search = addressOf(tab, savedOf(tab));
        if (tab.sql.length > maxAddress && !search.saved) return toast("This query is too long for a link: save it, and it has one", "bad");
        void copy(new URL(router.buildLocation({ to: "/sql", search }).href, location.origin).href, "Link copied");
      },
      copyCurl: () => {
        const { tab, statement } = atCursor();
        if (!statement) return toast("There is no statement here");
        const body = queryBody({ sql: statement.sql, params: valuesFor(statement.sql, tab.params, Date.now()) });
        void copy(curl("/api/v1/query", { body }), "curl command copied");
      },
      /** Opens a text in a tab of its own and runs it; a tab that holds just that is taken. */
      openSQL: (sql: string, start: Start & { name?: string } = {}) => {
        const there = tabs.get().tabs.find((t) => t.sql === sql);
        if (!there) return openTab({ sql, ...start });
        tabs.activate(there.id);
        tabs.change(there.id, start);
        go(statements(sql), sql, { ...there, ...start });
      },
      openSaved: (query: SavedQuery, start: Start = {}) => {
        const there = tabs.get().tabs.find((t) => t.saved === query.id);
        if (there) {
          tabs.activate(there.id);
          tabs.change(there.id, start);
          if (there.sql.trim() === query.sql.trim()) go(statements(there.sql), there.sql, { ...there, ...start });
          return;
        }
        openTab({ sql: query.sql.trimEnd(), saved: query.id, params: writtenParams(query.params), chart: query.chart, view: usualView(query), ...start });
      },
      openPast: (past: Past) => {
        latest.current.editor.current?.read();
        const there = tabs.get().tabs.find((t) => t.sql === past.sql);
        if (there) tabs.activate(there.id);
        else tabs.open({ sql: past.sql, params: writtenParams(past.params) });
      },
    };
  }, [client, router]);
}

export type Doing = ReturnType<typeof useActions>;

/** Whether a tab differs from the saved query that it was opened from. */
export function isChanged(tab: Tab, query: SavedQuery): boolean {
  const now = bodyOf(tab);
  const values = (name: string) => query.params[name] ?? null;
  return now.sql !== query.sql.trim() || Object.entries(now.params).some(([name, v]) => values(name) !== v) || !sameChart(now.chart, query.chart);
}

/** What is saved of a tab. The time range is of whoever looks, and not of the query. */
function bodyOf(tab: Tab) {
  const names = parameters(tab.sql).filter((n) => !isTime(n.toLowerCase()));
  return {
    sql: tab.sql.trim(),
    params: Object.fromEntries(names.map((n) => [n, meaning(tab.params[n.toLowerCase()] ?? "")])),
    chart: tab.chart,
  };
}
