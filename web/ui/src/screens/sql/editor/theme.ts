// The editor in the colours of the design system: they are variables, so it needs no change when the theme does.
import { HighlightStyle, syntaxHighlighting, syntaxTree } from "@codemirror/language";
import { RangeSetBuilder } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import { tags as t } from "@lezer/highlight";

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "var(--surface)", fontSize: "13px" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "1.6", overflow: "auto" },
  ".cm-content": { caretColor: "var(--ink)", padding: "10px 0" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--faint)", border: "none", paddingLeft: "4px" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "26px", paddingRight: "6px" },
  ".cm-foldGutter .cm-gutterElement": { padding: "0 2px" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--hover) 45%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--accent) 26%, transparent)" },
  ".cm-selectionMatch": { backgroundColor: "color-mix(in srgb, var(--accent) 14%, transparent)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "color-mix(in srgb, var(--good) 22%, transparent)", outline: "1px solid color-mix(in srgb, var(--good) 50%, transparent)" },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "color-mix(in srgb, var(--bad) 22%, transparent)" },
  ".cm-call": { color: "var(--accent)" },
  ".cm-placeholder": { color: "var(--faint)" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--hover)", border: "none", color: "var(--muted)", padding: "0 6px" },
  ".cm-tooltip": { backgroundColor: "var(--surface)", color: "var(--ink)", border: "1px solid var(--line)", borderRadius: "6px", boxShadow: "var(--shadow-floating)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--font-mono)", fontSize: "12.5px", maxHeight: "17em", minWidth: "260px", padding: "4px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { display: "flex", alignItems: "center", gap: "8px", padding: "3px 8px", borderRadius: "4px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--hover)", color: "var(--ink)" },
  ".cm-completionLabel": { flexShrink: "0" },
  ".cm-completionMatchedText": { textDecoration: "none", color: "var(--accent)", fontWeight: "600" },
  ".cm-completionDetail": { marginLeft: "auto", paddingLeft: "16px", fontStyle: "normal", color: "var(--faint)", fontSize: "11.5px", maxWidth: "300px", overflow: "hidden", textOverflow: "ellipsis" },
  ".cm-tooltip.cm-completionInfo": { padding: "8px 10px", maxWidth: "420px", maxHeight: "60vh", overflow: "auto" },
  ".cm-completion-sign": { width: "14px", textAlign: "center", color: "var(--faint)", fontSize: "11px", flexShrink: "0" },
  ".cm-about": { fontSize: "12px", display: "flex", flexDirection: "column", gap: "5px", maxWidth: "400px", fontFamily: "var(--font-sans)" },
  ".cm-about code": { whiteSpace: "pre-wrap", overflowWrap: "anywhere" },
  ".cm-about-signature": { color: "var(--accent)" },
  ".cm-about-example": { color: "var(--muted)", backgroundColor: "var(--sunken)", padding: "3px 6px", borderRadius: "4px" },
  ".cm-about-columns": { gap: "1px" },
  ".cm-about-columns > div": { display: "flex", justifyContent: "space-between", gap: "20px", fontFamily: "var(--font-mono)" },
  ".cm-about-type": { color: "var(--faint)" },
  ".cm-tooltip-hover .cm-about": { padding: "8px 10px", maxHeight: "40vh", overflow: "auto" },
  ".cm-diagnostic": { padding: "6px 10px", fontFamily: "var(--font-sans)", fontSize: "12.5px", maxWidth: "520px", whiteSpace: "pre-wrap" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--bad)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "4px", backgroundColor: "var(--bad-soft)" },
  ".cm-lintPoint-error:after": { borderBottomColor: "var(--bad)" },
  ".cm-panels": { backgroundColor: "var(--sunken)", color: "var(--ink)" },
  ".cm-panels.cm-panels-top, .cm-panels.cm-panels-bottom": { borderColor: "var(--line)" },
  ".cm-searchMatch": { backgroundColor: "color-mix(in srgb, var(--accent) 25%, transparent)" },
  ".cm-searchMatch-selected": { backgroundColor: "color-mix(in srgb, var(--accent) 50%, transparent)" },
  ".cm-panel.cm-search": { padding: "6px 10px", fontFamily: "var(--font-sans)" },
  ".cm-panel.cm-search label": { fontSize: "12px" },
  ".cm-textfield, .cm-button": { color: "var(--ink)", backgroundColor: "var(--surface)", backgroundImage: "none", border: "1px solid var(--edge)", borderRadius: "4px", fontSize: "12px" },
  ".cm-button:hover, .cm-button:active": { backgroundColor: "var(--hover)", backgroundImage: "none" },
  ".cm-panel.cm-search [name=close]": { color: "var(--muted)", fontSize: "16px" },
});

const colours = HighlightStyle.define([
  { tag: t.keyword, color: "var(--info)" },
  { tag: t.string, color: "var(--good)" },
  { tag: t.special(t.string), color: "var(--ink)" }, // a name in quotes
  { tag: [t.number, t.bool, t.null], color: "var(--series-4)" },
  { tag: t.comment, color: "var(--faint)", fontStyle: "italic" },
  { tag: t.typeName, color: "var(--warn)" },
  { tag: t.special(t.name), color: "var(--series-4)", fontWeight: "600" }, // parameters
  { tag: [t.operator, t.punctuation, t.separator], color: "var(--muted)" },
]);

const call = Decoration.mark({ class: "cm-call" });

/** Functions where they are called: many of their names are good names for columns too. */
const calls = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = findCalls(view);
    }
    update(u: ViewUpdate) {
      if (u.docChanged || u.viewportChanged || syntaxTree(u.startState) !== syntaxTree(u.state)) this.decorations = findCalls(u.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function findCalls(view: EditorView): DecorationSet {
  const found = new RangeSetBuilder<Decoration>();
  for (const { from, to } of view.visibleRanges) {
    syntaxTree(view.state).iterate({
      from,
      to,
      enter: (node) => {
        if (node.name === "Builtin" && view.state.sliceDoc(node.to, node.to + 1) === "(") found.add(node.from, node.to, call);
      },
    });
  }
  return found.finish();
}

export const theme = [look, syntaxHighlighting(colours), calls];
