// A Helios of a test's own: the real binary with its local Kinesis, on free ports, in a directory that goes with it. And a page
// that lets no error of the console, no failed request and no request to another origin pass.
import { test as base, expect, type Page } from "@playwright/test";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const binary = process.env.HELIOS_BINARY ?? new URL("../../bin/helios", import.meta.url).pathname;
const startTime = 60_000;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

export type Role = "viewer" | "analyst" | "editor" | "admin";

/** The password of everybody whom a test lets in. */
export const password = "correct horse battery staple";

/** A running `helios demo`, or `helios serve`, which has no shop and no stream. */
export class Helios {
  private process?: ChildProcess;
  /** What it wrote for people. */
  said = "";
  private token?: string;
  private readonly dir = mkdtempSync(join(tmpdir(), "helios-console-"));
  /** Where its backups go: they go with it. */
  private readonly place = mkdtempSync(join(tmpdir(), "helios-backups-"));
  url = "";
  kinesis = "";

  constructor(
    private readonly rate: number,
    private readonly command: "demo" | "serve",
    /** Whether backups are made by themselves, each hour. */
    private readonly backups: boolean,
  ) {}

  async start(): Promise<void> {
    if (!this.url) {
      this.url = `http://127.0.0.1:${await freePort()}`;
      this.kinesis = `http://127.0.0.1:${await freePort()}`;
    }
    const at = (url: string) => url.slice("http://".length);
    const args = [this.command, "--listen", at(this.url), "--data", this.dir];
    if (this.command === "demo") args.push("--kinesis-listen", at(this.kinesis), "--rate", String(this.rate));
    this.process = spawn(binary, args, { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_EC2_METADATA_DISABLED: "true", ...(this.backups && { HELIOS_BACKUP_TO: this.place }) } });
    this.process.stderr!.on("data", (text: Buffer) => (this.said = (this.said + text.toString()).slice(-20_000)));
    const until = Date.now() + startTime;
    for (;;) {
      if (this.process.exitCode !== null) throw new Error(`helios ended at its start:\n${this.said}`);
      const ready = await fetch(`${this.url}/readyz`).then((r) => r.ok, () => false);
      if (ready) return;
      if (Date.now() > until) throw new Error(`helios does not become ready:\n${this.said}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  /** Ends it: as a person would, or as a power cut. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const running = this.process;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, "exit");
    running.kill(signal);
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    for (const dir of [this.dir, this.place]) rmSync(dir, { recursive: true, force: true });
    if (/hls_\w{20}/.test(this.said) || this.said.includes(password)) throw new Error(`a secret is in the log:\n${this.said}`);
  }

  /** Runs a command on its data directory, and gives what that wrote. */
  private async run(args: string[], input = ""): Promise<string> {
    return new Promise((done, failed) => {
      const command = execFile(binary, [...args, "--data", this.dir], { timeout: startTime }, (error, stdout) => (error ? failed(error) : done(stdout)));
      command.stdin?.end(input);
    });
  }

  /**
   * Makes an account, called as its role unless it has a name, and gives its e-mail. With the first one the house closes: the
   * first is an admin's, and from then on the API is asked with a token of theirs.
   */
  async addUser(role: Role, { name = role as string, tables = "" } = {}): Promise<string> {
    if (!this.token) {
      await this.run(["users", "add", "admin@example.com", "--role", "admin", "--password-stdin"], password);
      this.token = (await this.run(["tokens", "create", "tests", "--role", "admin"])).trim();
      // A server that runs sees within a moment that there is an account.
      await expect.poll(async () => (await this.api<{ accounts: boolean }>("GET", "/auth/state")).accounts).toBe(true);
    }
    const email = `${name}@example.com`;
    if (email !== "admin@example.com") await this.run(["users", "add", email, "--role", role, "--password-stdin", ...(tables ? ["--tables", tables] : [])], password);
    return email;
  }

  /** Makes a backup, beside its data directory, and waits until it is there. */
  async backUp(): Promise<void> {
    const last = async () => (await this.api<{ last?: { id: string } }>("GET", "/backups/status")).last?.id;
    const before = await last();
    await expect.poll(() => this.api("POST", "/backups", { to: this.place }).then(() => true, () => false)).toBe(true); // one is made at a time
    await expect.poll(last).not.toBe(before);
  }

  /** Ends all sessions of a user, as an admin can. */
  async endSessions(email: string): Promise<void> {
    await this.api("DELETE", `/users/${await this.idOf(email)}/sessions`);
  }

  /** Gives a user another role, as an admin can. */
  async setRole(email: string, role: Role): Promise<void> {
    await this.api("PATCH", `/users/${await this.idOf(email)}`, { role });
  }

  private async idOf(email: string): Promise<string | undefined> {
    const { users } = await this.api<{ users: { id: string; email: string }[] }>("GET", "/users");
    return users.find((u) => u.email === email)?.id;
  }

  /** Calls the local Kinesis as an AWS SDK does. */
  async aws(operation: string, body: unknown): Promise<unknown> {
    const answer = await fetch(this.kinesis, {
      method: "POST",
      headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": `Kinesis_20131202.${operation}` },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${operation}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : {};
  }

  async createStream(name: string, shards: number): Promise<void> {
    await this.aws("CreateStream", { StreamName: name, ShardCount: shards });
  }

  /** Puts events on a stream, up to 500 a call; texts go as they are. */
  async put(stream: string, events: readonly unknown[]): Promise<void> {
    for (let i = 0; i < events.length; i += 500) {
      const records = events.slice(i, i + 500).map((e, k) => ({
        PartitionKey: `key-${i + k}`,
        Data: Buffer.from(typeof e === "string" ? e : JSON.stringify(e)).toString("base64"),
      }));
      for (let left = records; left.length > 0; ) {
        const { Records } = (await this.aws("PutRecords", { StreamName: stream, Records: left })) as { Records: { ErrorCode?: string }[] };
        left = left.filter((_, k) => Records[k]?.ErrorCode);
        if (left.length > 0) await new Promise((done) => setTimeout(done, 100)); // throttled
      }
    }
  }

  /** Asks the API; an answer that is no success is an error. */
  async api<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.url}/api/v1${path}`, { method, headers: { "Content-Type": "application/json", ...(this.token && { Authorization: `Bearer ${this.token}` }) }, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  /** The rows of a statement's result. */
  async rows(sql: string): Promise<unknown[][]> {
    return (await this.api<{ rows: unknown[][] }>("POST", "/query", { sql })).rows;
  }

  /** Waits until a statement gives this value in its only cell. */
  async until(sql: string, value: unknown): Promise<void> {
    await expect.poll(async () => (await this.rows(sql).catch(() => [[null]]))[0]?.[0], { timeout: 30_000, message: sql }).toEqual(value);
  }
}

/** What went wrong in a page, as it happens. */
export class Watch {
  readonly wrong: string[] = [];
  private lenient = false;

  constructor(page: Page, private readonly origin: () => string) {
    page.on("console", (m) => m.type() === "error" && this.note(`console: ${m.text()} (${m.location().url})`));
    page.on("pageerror", (e) => this.note(`error: ${e.message}`));
    page.on("requestfailed", (r) => r.failure()?.errorText !== "net::ERR_ABORTED" && this.note(`failed: ${r.method()} ${r.url()} ${r.failure()?.errorText}`));
    page.on("response", (r) => r.status() >= 400 && this.note(`status ${r.status()}: ${r.request().method()} ${r.url()}`));
    page.on("request", (r) => {
      if (/^(https?|wss?):/.test(r.url()) && !r.url().startsWith(this.origin())) this.wrong.push(`left the server's origin: ${r.url()}`);
    });
  }

  private note(what: string) {
    if (!this.lenient) this.wrong.push(what);
  }

  /** While the work is done, errors are what is to be seen: those of a request that must fail, or of a server that is down. */
  async expectingErrors(work: () => Promise<void>): Promise<void> {
    this.lenient = true;
    try {
      await work();
    } finally {
      this.lenient = false;
    }
  }
}

/** Gives a browser the session of a user, as if they had signed in there. */
export async function signIn(page: Page, email: string): Promise<void> {
  const answer = await page.request.post("/api/v1/auth/sign-in", { data: { email, password } });
  expect(answer.status()).toBe(200);
}

export const test = base.extend<{ helios: Helios; rate: number; command: "demo" | "serve"; backups: boolean; watch: Watch }>({
  rate: [0, { option: true }],
  command: ["demo", { option: true }],
  backups: [false, { option: true }],
  helios: async ({ rate, command, backups }, use) => {
    const helios = new Helios(rate, command, backups);
    await helios.start();
    await use(helios);
    await helios.remove();
  },
  baseURL: async ({ helios }, use) => use(helios.url),
  watch: [
    async ({ page, helios }, use) => {
      const watch = new Watch(page, () => helios.url);
      await use(watch);
      expect(watch.wrong, "errors of the console, failed requests, requests to other origins").toEqual([]);
    },
    { auto: true },
  ],
});
export { expect };
