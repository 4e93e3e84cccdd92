// A bundle of dashboards as YAML to be read, edited and pasted into helios.yaml. It is written from the JSON's own text, so that
// no number loses a digit.
import { parseTree, type JsonNode } from "@/data/json-tree";

export function toYAML(json: string): string {
  const tree = parseTree(json);
  return tree ? lines(json, tree, "").join("\n") + "\n" : json;
}

/** The lines of a value that begins on a line of its own. */
function lines(json: string, node: JsonNode, indent: string): string[] {
  if (node.children.length === 0) return [indent + scalar(json, node)];
  if (indent && small(json, node)) return [indent + flow(json, node)];
  return node.children.flatMap((child) => {
    const inner = indent + "  ";
    if (node.kind === "array") {
      const [first = "", ...rest] = lines(json, child, inner);
      return [`${indent}- ${first.slice(inner.length)}`, ...rest];
    }
    const key = child.key ? name(JSON.parse(json.slice(child.key.start, child.key.end)) as string) : "";
    const block = child.kind === "string" ? literal(JSON.parse(json.slice(child.start, child.end)) as string, inner) : null;
    if (block) return [`${indent}${key}: ${block.head}`, ...block.body];
    if (child.children.length === 0 || small(json, child)) return [`${indent}${key}: ${flow(json, child)}`];
    return [`${indent}${key}:`, ...lines(json, child, inner)];
  });
}

/** Text of several lines as a literal block, where YAML can hold it as one without changing it. */
function literal(text: string, indent: string): { head: string; body: string[] } | null {
  if (!text.includes("\n") || /[^\n\t\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]|[\u2028\u2029]/.test(text) || /^[\s]/.test(text) || /[ \t]+(\n|$)/.test(text)) return null;
  const end = /\n*$/.exec(text)?.[0].length ?? 0;
  const body = text.slice(0, text.length - end).split("\n");
  return { head: end === 0 ? "|-" : end === 1 ? "|" : "|+", body: [...body.map((l) => (l ? indent + l : "")), ...Array.from({ length: Math.max(0, end - 1) }, () => "")] };
}

const named = /^"(id|name|title|sql)"$/;

/** True for what reads well on one line: a layout, a chart. What has a name gets lines of its own. */
function small(json: string, node: JsonNode): boolean {
  const short = (n: JsonNode) => n.children.length === 0 && !json.slice(n.start, n.end).includes("\\n");
  const few = node.end - node.start <= 160 && node.children.every((c) => short(c) || (c.kind === "array" && c.children.every(short)));
  return few && node.kind === "object" && !node.children.some((c) => c.key && named.test(json.slice(c.key.start, c.key.end)));
}

function flow(json: string, node: JsonNode): string {
  if (node.children.length === 0) return scalar(json, node, true);
  const parts = node.children.map((c) => (c.key ? `${name(JSON.parse(json.slice(c.key.start, c.key.end)) as string)}: ` : "") + flow(json, c));
  return node.kind === "array" ? `[${parts.join(", ")}]` : `{${parts.join(", ")}}`;
}

function scalar(json: string, node: JsonNode, inFlow = false): string {
  const text = json.slice(node.start, node.end);
  if (node.kind === "object" || node.kind === "array") return node.kind === "object" ? "{}" : "[]";
  if (node.kind !== "string") return text;
  const value = JSON.parse(text) as string;
  return plain(value, inFlow) ? value : JSON.stringify(value);
}

/** True for text that YAML reads as that text without quotes; where there is doubt, it gets quotes. */
function plain(value: string, inFlow: boolean): boolean {
  if (!/^[A-Za-z_(€][\w ./()%€+-]*$/.test(value) || value.endsWith(" ")) return false;
  return !/^(true|false|yes|no|on|off|null|nan|inf)$/i.test(value) && !(inFlow && /[[\]{},]/.test(value));
}

function name(key: string): string {
  return plain(key, true) ? key : JSON.stringify(key);
}
