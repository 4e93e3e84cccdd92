// The source that is to be made, as a request, as a part of helios.yaml, and as a command.
import type { Schemas } from "@/api/client";
import { quoted } from "@/lib/curl";
import type { NewColumn } from "./edits";
import type { Connection } from "./search";

export type NewSource = Schemas["NewSource"];

export interface Choice {
  connection: Connection;
  stream: string;
  table: string;
  from: string; // horizon, latest or a time, RFC 3339
  evolve?: "fixed";
  read?: "fan_out";
  retain?: string;
  retain_quarantine?: string;
  max_depth?: number;
  event_time?: string;
  /** Chosen by hand: without them the server infers them as it showed. */
  columns?: readonly NewColumn[];
  ignore?: readonly (readonly string[])[];
}

/** The request's body: what differs from the defaults. */
export function bodyOf(c: Choice): NewSource {
  const body: NewSource = { stream: c.stream, table: c.table, ...c.connection };
  if (c.from !== "horizon") body.from = c.from;
  if (c.evolve) body.evolve = c.evolve;
  if (c.read) body.read = c.read;
  if (c.retain) body.retain = c.retain;
  if (c.retain_quarantine) body.retain_quarantine = c.retain_quarantine;
  if (c.max_depth) body.max_depth = c.max_depth;
  if (c.event_time) body.event_time = c.event_time;
  if (c.columns?.length) body.columns = [...c.columns];
  if (c.ignore?.length) body.ignore = c.ignore.map((path) => [...path]);
  return body;
}

/** The source as helios.yaml declares it. */
export function yamlOf(c: Choice): string {
  const { columns, ignore, ...rest } = bodyOf(c);
  const lines = Object.entries(rest).map(([key, value]) => `${key}: ${scalar(value)}`);
  if (columns?.length) {
    lines.push("columns:");
    for (const column of columns) {
      const path = column.path?.length === 1 && column.path[0] === column.name ? "" : `, path: ${list(column.path ?? [])}`;
      lines.push(`  - {name: ${scalar(column.name)}, type: ${column.type}${path}${column.format ? `, format: ${column.format}` : ""}}`);
    }
  }
  if (ignore?.length) lines.push("ignore:", ...ignore.map((path) => `  - ${list(path)}`));
  return `sources:\n${lines.map((line, i) => `${i === 0 ? "  - " : "    "}${line}`).join("\n")}\n`;
}

const list = (path: readonly string[]) => `[${path.map(scalar).join(", ")}]`;

/** A value in YAML: plain where that cannot be read as anything else, in quotes otherwise. A text of JSON is one of YAML. */
function scalar(value: unknown): string {
  const text = String(value);
  if (typeof value === "number") return text;
  const plain = /^[A-Za-z_][\w./@-]*$/.test(text) && !/^(y|n|yes|no|on|off|true|false|null|inf|nan)$/i.test(text);
  return plain ? text : JSON.stringify(text);
}

/** The command, or what it cannot say. */
export function commandOf(c: Choice, server: string): { command: string; lacks: string[] } {
  const parts = ["helios sources add", word(c.stream), "--table", word(c.table)];
  const flag = (name: string, value: string | number | undefined) => {
    if (value !== undefined && value !== "") parts.push(`--${name}`, word(String(value)));
  };
  flag("region", c.connection.region);
  flag("endpoint-url", c.connection.endpoint);
  flag("profile", c.connection.profile);
  flag("role-arn", c.connection.role_arn);
  if (c.from !== "horizon") flag("from", c.from);
  flag("event-time", c.event_time);
  flag("evolve", c.evolve);
  flag("read", c.read);
  flag("max-depth", c.max_depth);
  flag("retain", c.retain);
  flag("retain-quarantine", c.retain_quarantine);
  flag("url", server === "http://127.0.0.1:8080" ? undefined : server);
  const lacks = [c.columns?.length && "the columns as you edited them", c.ignore?.length && "the fields to skip"].filter((l): l is string => !!l);
  return { command: [...parts, "--yes"].join(" "), lacks };
}

const word = (text: string) => (/^[\w./:@=-]+$/.test(text) ? text : quoted(text));

/** A name for the table of a stream. */
export function tableFor(stream: string): string {
  const name = stream.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^[_0-9]+|_+$/g, "");
  return (name || "events").slice(0, 63);
}

/** What is wrong with the name of a table; the server knows more names that cannot be. */
export function wrongTable(name: string): string | undefined {
  if (!name) return "The table needs a name.";
  return /^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(name) ? undefined : "Use a letter, then letters, digits and underscores, at most 63.";
}
