import { expect, test } from "vitest";
import { nothing, replayAll, type Account } from "./replay";

const batches = [
  { matched: 500, replayed: 450, rows: 460, rejected: 50, next: "a" },
  { matched: 500, replayed: 500, rows: 500, rejected: 0, next: "b" },
  { matched: 310, replayed: 254, rows: 254, rejected: 56 },
];
const from = (asked: (string | undefined)[]) => (after: string | undefined) => {
  asked.push(after);
  return Promise.resolve(batches[asked.length - 1]!);
};

test("the account adds up over the batches", async () => {
  const asked: (string | undefined)[] = [];
  const told: number[] = [];
  const account = await replayAll(nothing, from(asked), (a) => told.push(a.tried), new AbortController().signal);
  expect(asked).toEqual([undefined, "a", "b"]);
  expect(told).toEqual([500, 1000, 1310]);
  expect(account).toEqual({ tried: 1310, replayed: 1204, rows: 1214, rejected: 106, next: undefined });
});

test("what was stopped or broke off goes on where it was", async () => {
  const stop = new AbortController();
  const asked: (string | undefined)[] = [];
  let at: Account = nothing;
  at = await replayAll(at, from(asked), () => stop.abort(), stop.signal);
  expect(at).toMatchObject({ tried: 500, next: "a" });
  await expect(replayAll(at, () => Promise.reject(new Error("gone")), () => undefined, new AbortController().signal)).rejects.toThrow("gone");
  at = await replayAll(at, from(asked), () => undefined, new AbortController().signal);
  expect(at).toMatchObject({ tried: 1310, replayed: 1204 });
});
