import { ChevronRight } from "lucide-react";
import { useMemo, useState, type ReactNode } from "react";
import { number, plural } from "@/lib/format";
import { cx } from "@/ui/cx";
import { countNodes, parseTree, textRange, type JsonNode } from "./json-tree";

interface Range {
  start: number;
  end: number;
}
interface View {
  text: string;
  marked: Range | null;
  /** Parts down to this depth are open at first. */
  open: number;
  onPick?: Pick;
}
type Pick = (path: string[], value: string) => void;

const most = 100; // members that are shown at once
const longest = 2000; // characters of a text that are shown at once

/**
 * JSON to be read: coloured, its parts folded and unfolded, everything as it was written. `mark` is a range of bytes of the text
 * to be pointed at, as the quarantine tells it. What is no JSON is shown as it is. With `onPick` a value inside objects can be chosen:
 * it is told with its path, texts without quotes.
 */
export function JsonView({ text, mark, expanded, onPick }: { text: string; mark?: { offset: number; length?: number }; expanded?: boolean; onPick?: Pick }) {
  const tree = useMemo(() => parseTree(text), [text]);
  const { offset, length } = mark ?? {};
  const view = useMemo<View>(() => {
    const size = tree ? countNodes(tree, 2001) : 0;
    const open = size <= (expanded ? 2000 : 60) ? Infinity : expanded ? 3 : 1;
    return { text, marked: offset === undefined ? null : textRange(text, { offset, length }), open, onPick };
  }, [text, tree, offset, length, expanded, onPick]);
  return (
    <div className="min-w-0 font-mono text-xs leading-5 break-words [overflow-wrap:anywhere]">
      {tree ? <Part node={tree} view={view} depth={0} path={[]} last /> : <Plain text={text} marked={view.marked} />}
    </div>
  );
}

function Part({ node, view, depth, path, last }: { node: JsonNode; view: View; depth: number; path: readonly string[] | null; last: boolean }) {
  const container = node.children.length > 0;
  const holdsMark = view.marked !== null && node.start < view.marked.end && view.marked.start < node.end;
  const wholeMarked = holdsMark && view.marked !== null && view.marked.start <= node.start && view.marked.end >= node.end;
  const [open, setOpen] = useState(depth < view.open || (holdsMark && !wholeMarked));
  const [shown, setShown] = useState(most);
  const key = node.key && (
    <>
      <Marked range={node.key} view={view} className="text-ink" />
      <span className="text-faint">: </span>
    </>
  );
  const comma = last ? null : <span className="text-faint">,</span>;
  if (!container) {
    return (
      <div className={depth > 0 ? "pl-4" : undefined}>
        {key}
        <Leaf node={node} view={view} path={path} />
        {comma}
      </div>
    );
  }
  const [from, to] = node.kind === "object" ? ["{", "}"] : ["[", "]"];
  const rest = node.children.length - shown;
  const inner = wholeMarked ? { ...view, marked: null } : view; // what is marked as a whole is marked once
  return (
    <div className={cx("relative", depth > 0 ? "pl-4" : "ml-4", wholeMarked && mark)}>
      <button type="button" aria-expanded={open} aria-label={`${node.key ? view.text.slice(node.key.start + 1, node.key.end - 1) : node.kind}: ${plural(node.children.length, node.kind === "object" ? "member" : "element")}`} onClick={() => setOpen(!open)} className={cx("absolute top-0.5 grid size-4 place-items-center rounded-sm text-faint hover:bg-hover hover:text-ink", depth > 0 ? "left-0" : "-left-4")}>
        <ChevronRight size={12} className={open ? "rotate-90" : undefined} aria-hidden />
      </button>
      {key}
      <span className="text-faint">{from}</span>
      {open ? (
        <>
          {node.children.slice(0, shown).map((child, i) => (
            <Part key={child.start} node={child} view={inner} depth={depth + 1} path={below(path, child, view.text)} last={i === node.children.length - 1} />
          ))}
          {rest > 0 && (
            <div className="pl-4">
              <More onClick={() => setShown(shown + 10 * most)}>{number(rest)} more</More>
            </div>
          )}
        </>
      ) : (
        <button type="button" aria-hidden tabIndex={-1} onClick={() => setOpen(true)} className="text-faint hover:text-ink">
          {` ${plural(node.children.length, node.kind === "object" ? "member" : "element")} `}
        </button>
      )}
      <span className="text-faint">{to}</span>
      {comma}
    </div>
  );
}

const colours = { string: "text-good", number: "text-info", word: "text-accent", object: "text-faint", array: "text-faint" };

/** The path of a member, as far as names lead there: none inside of arrays. */
function below(path: readonly string[] | null, child: JsonNode, text: string): readonly string[] | null {
  return path && child.key ? [...path, JSON.parse(text.slice(child.key.start, child.key.end)) as string] : null;
}

function Leaf({ node, view, path }: { node: JsonNode; view: View; path: readonly string[] | null }) {
  const [all, setAll] = useState(false);
  const cut = !all && node.end - node.start > longest;
  const value = <Marked range={cut ? { start: node.start, end: node.start + longest } : node} view={view} className={cx(colours[node.kind], "whitespace-pre-wrap")} />;
  const { onPick, text } = view;
  const pick = () => {
    const written = text.slice(node.start, node.end);
    onPick?.([...(path ?? [])], node.kind === "string" ? (JSON.parse(written) as string) : written);
  };
  return (
    <>
      {onPick && path?.length && node.kind !== "object" && node.kind !== "array" ? (
        // Not a button element: that one would not break across lines like text.
        <span
          role="button"
          tabIndex={0}
          title={`Only events with this ${path.join(".")}`}
          onClick={pick}
          onKeyDown={(e) => {
            if (e.key !== "Enter" && e.key !== " ") return;
            e.preventDefault();
            pick();
          }}
          className="rounded-sm underline decoration-edge decoration-dotted underline-offset-2 hover:bg-accent-soft"
        >
          {value}
        </span>
      ) : (
        value
      )}
      {cut && <More onClick={() => setAll(true)}>… {number(node.end - node.start - longest)} characters more</More>}
    </>
  );
}

function More({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <button type="button" onClick={onClick} className="rounded-sm font-sans text-accent underline underline-offset-2">
      {children}
    </button>
  );
}

const mark = "rounded-sm bg-bad-soft outline-1 outline-bad/60";
const markText = cx(mark, "text-bad underline decoration-wavy underline-offset-2");

/** A piece of the text, with what is marked of it. */
function Marked({ range, view, className }: { range: Range; view: View; className?: string }) {
  const { text, marked } = view;
  if (!marked || marked.start >= range.end || marked.end <= range.start) return <span className={className}>{text.slice(range.start, range.end)}</span>;
  const from = Math.max(range.start, marked.start);
  const to = Math.min(range.end, marked.end);
  return (
    <span className={className}>
      {text.slice(range.start, from)}
      <mark className={markText}>{text.slice(from, to)}</mark>
      {text.slice(to, range.end)}
    </span>
  );
}

/** Text that is no JSON, from where it matters. */
function Plain({ text, marked }: { text: string; marked: Range | null }) {
  const [all, setAll] = useState(false);
  const window_ = 10 * longest;
  const from = all || !marked ? 0 : Math.max(0, marked.start - window_ / 2);
  const to = all ? text.length : Math.min(text.length, from + window_);
  return (
    <div className="whitespace-pre-wrap">
      {from > 0 && <More onClick={() => setAll(true)}>{number(from)} characters before …</More>}
      <Marked range={{ start: from, end: to }} view={{ text, marked: marked && marked.start === text.length ? null : marked, open: 0 }} />
      {marked && marked.start >= text.length && <mark className={markText}>⏎ ends here</mark>}
      {to < text.length && <More onClick={() => setAll(true)}>… {number(text.length - to)} characters more</More>}
    </div>
  );
}
