import { beforeEach, expect, test, vi } from "vitest";
import type { Schemas } from "./client";

type State = Schemas["SignInState"];
const state = (id?: string, kind: "user" | "open" = "user"): State => ({
  accounts: kind === "user",
  me: id === undefined ? undefined : { kind, id, name: id, role: "analyst", limited: false, tables: [] },
  methods: ["password"],
  min_password: 12,
});

let answer: State;
const page = { href: "http://helios.test/sql", pathname: "/sql", reload: vi.fn(), assign: vi.fn() };
const storage = () => {
  const held = new Map<string, string>();
  return { getItem: (k: string) => held.get(k) ?? null, setItem: (k: string, v: string) => void held.set(k, v), removeItem: (k: string) => void held.delete(k) };
};

beforeEach(() => {
  vi.resetModules();
  vi.resetAllMocks();
  vi.stubGlobal("location", page);
  vi.stubGlobal("localStorage", storage());
  vi.stubGlobal("sessionStorage", storage());
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("fetch", vi.fn(async () => new Response(JSON.stringify(answer))));
});

const settled = () => new Promise((done) => setTimeout(done));

/** A request of ada's page that was refused, as the server knows somebody else now, or nobody; what has become of it is in `came`. */
async function refused({ signal, now = state() }: { signal?: AbortSignal; now?: State } = {}) {
  const who = await import("./who");
  who.heed(state("ada"));
  answer = now;
  const came: unknown[] = [];
  void who.signedInAgain(signal).then(
    (worth) => came.push(worth),
    (error: unknown) => came.push(error),
  );
  await settled();
  return { who, came };
}

test("a request that was refused waits until the same person has signed in", async () => {
  const { who, came } = await refused();
  expect(came).toEqual([]);
  expect(who.heed(state()).me?.id, "the page stays whose it was").toBe("ada");
  expect(who.enter(state("ada"), "/")).toBe(true);
  await settled();
  expect(came).toEqual([true]);
  expect(page.reload).not.toHaveBeenCalled();
});

test("it is not repeated for somebody else: the page begins anew", async () => {
  const { who, came } = await refused();
  expect(who.enter(state("ben"), page.href)).toBe(false);
  await settled();
  expect(came).toEqual([]);
  expect(page.reload).toHaveBeenCalledOnce();
});

test("nor when somebody else has signed in in another tab before it was refused", async () => {
  const { came } = await refused({ now: state("ben") });
  expect(came).toEqual([]);
  expect(page.reload).toHaveBeenCalled();
});

test("who gives a request up does not wait for it", async () => {
  const abort = new AbortController();
  const { came } = await refused({ signal: abort.signal });
  abort.abort("given up");
  await settled();
  expect(came).toEqual(["given up"]);
});

test("where nobody was signed in, there is nothing to wait for", async () => {
  const who = await import("./who");
  who.heed(state());
  expect(await who.signedInAgain()).toBe(false);
  expect(fetch).not.toHaveBeenCalled();
});

test("each person has a storage of their own, and the first one what was written before there were persons", async () => {
  const who = await import("./who");
  who.heed(state("", "open"));
  expect(who.ownKey("helios.sql.tabs")).toBe("helios.sql.tabs");
  localStorage.setItem("helios.sql.tabs", "written");
  who.enter(state("ada"), page.href);
  expect(localStorage.getItem("helios.sql.tabs:ada")).toBe("written");
  who.enter(state("ben"), page.href);
  expect(localStorage.getItem("helios.sql.tabs:ben")).toBeNull();
});
