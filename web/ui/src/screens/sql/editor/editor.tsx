// The editor: CodeMirror with the engine's own words. It is a chunk of its own, loaded after the screen.
import { acceptCompletion, autocompletion, closeCompletion, completionStatus, selectedCompletion } from "@codemirror/autocomplete";
import { indentLess, indentMore, insertNewlineAndIndent } from "@codemirror/commands";
import { LanguageSupport } from "@codemirror/language";
import { setDiagnostics } from "@codemirror/lint";
import { SQLDialect } from "@codemirror/lang-sql";
import { EditorState, Prec, type Extension } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { basicSetup } from "codemirror";
import { getNonce } from "get-nonce";
import { useEffect, useImperativeHandle, useRef, type Ref } from "react";
import { keyNames } from "@/lib/shortcuts";
import { completionSource } from "../lang/completion";
import { markedRange, utf16Offset } from "../lang/position";
import type { Table } from "../lang/scope";
import type { Dialect } from "../queries";
import type { Failure } from "../work";
import { hover } from "./hover";
import { theme } from "./theme";
import { typeOver } from "./type-over";

/** What the screen does with the editor. */
export interface Editor {
  /** The text as it stands, and what of it is selected. */
  read(): { text: string; from: number; to: number };
  /** Puts text where the cursor is. */
  insert(text: string): void;
  /** Takes another text, as one step that can be undone. */
  replace(text: string): void;
  /** Goes to the error that is marked. */
  reveal(): void;
  focus(): void;
}

interface Props {
  ref: Ref<Editor>;
  tab: string;
  text: string;
  dialect: Dialect;
  tables: readonly Table[];
  failure?: Failure;
  onChange: (tab: string, text: string) => void;
  onSelect: (selected: boolean) => void;
  onRun: (what: "all" | "statement") => void;
}

// The undo history of tabs outlives their being looked at, for as many tabs as one goes back and forth between.
const maxStates = 12;

export default function SQLEditor({ ref, ...props }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const states = useRef(new Map<string, EditorState>());
  const latest = useRef(props);
  latest.current = props;
  const told = useRef(props.text); // the text as the screen knows it
  const shown = useRef(props.tab);
  const { tab, text, failure, dialect } = props;

  // The screen follows what is typed at a distance: each key must be cheap.
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const tell = () => {
    clearTimeout(timer.current);
    timer.current = undefined;
    const doc = view.current?.state.doc.toString();
    if (doc === undefined || doc === told.current) return;
    told.current = doc;
    latest.current.onChange(shown.current, doc);
  };
  const extensions = useRef<Extension>(null);
  extensions.current ??= setup(dialect, latest, () => {
    timer.current ??= setTimeout(tell, 150);
  }, tell);

  useEffect(() => {
    const parent = box.current;
    if (!parent) return;
    const v = new EditorView({ parent, state: EditorState.create({ doc: latest.current.text, extensions: extensions.current ?? [] }) });
    view.current = v;
    shown.current = latest.current.tab;
    told.current = latest.current.text;
    addEventListener("pagehide", tell, true);
    // On a telephone the keyboard would come up over the page.
    if (!matchMedia("(pointer: coarse)").matches) v.focus();
    return () => {
      tell();
      removeEventListener("pagehide", tell, true);
      v.destroy();
      view.current = null;
    };
    // The callbacks read what is current; the view is made once.
  }, []);

  useEffect(() => {
    const v = view.current;
    if (!v) return;
    if (shown.current !== tab) {
      tell();
      const kept = states.current;
      kept.delete(shown.current);
      kept.set(shown.current, v.state);
      for (const old of kept.keys()) {
        if (kept.size <= maxStates) break;
        kept.delete(old);
      }
      shown.current = tab;
      told.current = text;
      const own = kept.get(tab);
      v.setState(own && own.doc.toString() === text ? own : EditorState.create({ doc: text, extensions: extensions.current ?? [] }));
      latest.current.onSelect(!v.state.selection.main.empty);
    } else if (text !== told.current) {
      told.current = text;
      replace(v, text);
    }
  }, [tab, text]);

  useEffect(() => {
    const v = view.current;
    if (!v) return;
    v.dispatch(setDiagnostics(v.state, failure && failure.text === v.state.doc.toString() ? diagnostics(failure) : []));
  }, [failure, tab]);

  useImperativeHandle(ref, () => ({
    read: () => {
      tell();
      const state = view.current?.state;
      return state ? { text: state.doc.toString(), from: state.selection.main.from, to: state.selection.main.to } : { text: latest.current.text, from: 0, to: 0 };
    },
    insert: (piece) => {
      const v = view.current;
      if (!v) return;
      // Words stay apart: a name after a name would become another one.
      const { from } = v.state.selection.main;
      const apart = /[\w'")]$/.test(v.state.sliceDoc(Math.max(0, from - 1), from)) ? " " : "";
      v.dispatch(v.state.replaceSelection(apart + piece), { scrollIntoView: true, userEvent: "input" });
      v.focus();
    },
    replace: (next) => view.current && replace(view.current, next),
    reveal: () => {
      const v = view.current;
      if (!v) return;
      const [first] = failure && failure.text === v.state.doc.toString() ? diagnostics(failure) : [];
      if (first) v.dispatch({ selection: { anchor: first.from, head: first.to }, scrollIntoView: true });
      v.focus();
    },
    focus: () => view.current?.focus(),
  }));

  return <div ref={box} className="h-full min-h-0" />;
}

function replace(view: EditorView, text: string) {
  const head = Math.min(view.state.selection.main.head, text.length);
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: head }, userEvent: "input.replace" });
}

function diagnostics({ problem, statement, text }: Failure) {
  const position = problem.body.position;
  if (position === undefined) return [];
  const at = utf16Offset(statement.sql, position);
  const range = markedRange(statement.sql, at);
  const clamp = (n: number) => Math.min(statement.from + n, text.length);
  return [{ from: clamp(range.from), to: clamp(range.to), severity: "error" as const, message: problem.hint ? `${problem.message}\n${problem.hint}` : problem.message }];
}

function setup(dialect: Dialect, latest: { current: Omit<Props, "ref"> }, change: () => void, blur: () => void): Extension {
  const tables = () => latest.current.tables;
  const run = (what: "all" | "statement") => (view: EditorView) => {
    closeCompletion(view);
    latest.current.onRun(what);
    return true;
  };
  return [
    EditorView.cspNonce.of(getNonce() ?? ""),
    Prec.highest(
      keymap.of([
        { key: "Enter", run: newLine },
        { key: "Mod-Enter", run: run("all"), shift: run("statement") },
        // While completions are shown, Tab takes one. Escape and then Tab leaves the editor, as everywhere in CodeMirror.
        { key: "Tab", run: (v) => (completionStatus(v.state) === "active" ? acceptCompletion(v) : indentMore(v)), shift: indentLess },
      ]),
    ),
    basicSetup,
    language(dialect),
    autocompletion({
      override: [completionSource(dialect, tables)],
      icons: false,
      maxRenderedOptions: 80,
      addToOptions: [{ position: 20, render: (c) => sign(c.type) }],
    }),
    hover(dialect, tables),
    placeholder(`SELECT …    ${keyNames("mod+enter").join("")} runs, Ctrl+Space completes`),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": "SQL", "aria-describedby": "sql-editor-help", spellcheck: "false", autocorrect: "off", autocapitalize: "off" }),
    EditorView.updateListener.of((u) => {
      if (u.docChanged) change();
      if (u.focusChanged && !u.view.hasFocus) blur();
      if (u.selectionSet || u.docChanged) latest.current.onSelect(!u.state.selection.main.empty);
    }),
    typeOver,
    theme,
  ];
}

/** Enter after a word that is written out means a new line, though the list still offers that word. */
function newLine(view: EditorView): boolean {
  const chosen = completionStatus(view.state) === "active" ? selectedCompletion(view.state) : null;
  if (!chosen || chosen.type === "function") return false;
  const at = view.state.selection.main.head;
  const written = view.state.sliceDoc(Math.max(0, at - chosen.label.length), at);
  const before = view.state.sliceDoc(Math.max(0, at - chosen.label.length - 1), Math.max(0, at - chosen.label.length));
  if (written.toLowerCase() !== chosen.label.toLowerCase() || /[\w$]/.test(before)) return false;
  closeCompletion(view);
  return insertNewlineAndIndent(view);
}

function language(dialect: Dialect): Extension {
  const words = (list: readonly string[]) => list.join(" ").toLowerCase();
  const d = SQLDialect.define({
    keywords: words(dialect.keywords),
    types: words(dialect.types),
    builtin: words(dialect.functions.map((f) => f.name)),
    specialVar: "?$",
    operatorChars: "*+-%<>!=&|~^/@",
    caseInsensitiveIdentifiers: true,
  });
  return new LanguageSupport(d.language);
}

const signs: Record<string, string> = { property: "▪", class: "▦", function: "ƒ", keyword: "k", type: "t", variable: "$" };

function sign(type: string | undefined): HTMLElement {
  const s = document.createElement("span");
  s.className = "cm-completion-sign";
  s.textContent = signs[type ?? ""] ?? "";
  s.setAttribute("aria-hidden", "true");
  return s;
}
