// "Copy as curl": a request as a command for a shell.
import { signedIn } from "@/api/who";

/** Text in single quotes for a POSIX shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The curl command of a request to this server; `live` for an answer that does not end. Where people sign in, it takes a token from the environment. */
export function curl(path: string, options: { method?: string; body?: unknown; accept?: string; out?: string; live?: boolean } = {}): string {
  const parts = ["curl", options.live ? "-sSN" : "-sS", quoted(new URL(path, location.origin).href)];
  const method = options.method ?? (options.body === undefined ? "GET" : "POST");
  if (method !== "GET" && !(method === "POST" && options.body !== undefined)) parts.push("-X", method);
  if (signedIn()) parts.push("-H", '"Authorization: Bearer $HELIOS_TOKEN"');
  if (options.accept) parts.push("-H", quoted(`Accept: ${options.accept}`));
  if (options.body !== undefined) {
    parts.push("-H", quoted("Content-Type: application/json"), "-d", quoted(JSON.stringify(options.body)));
  }
  if (options.out) parts.push("-o", quoted(options.out));
  return parts.join(" ");
}
