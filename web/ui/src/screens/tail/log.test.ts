import { expect, test } from "vitest";
import { TailLog, type Entry, type TailEvent } from "./log";

const event = (n: number): TailEvent => ({ shard_id: "s", sequence_number: String(n), record_index: 0, partition_key: "k", arrived_at: "2026-01-01T00:00:00Z", event: `{"n":${n}}` });

/** A log whose frames come when the test says so. */
function made(capacity: number) {
  let frame: (() => void) | null = null;
  let told = 0;
  const log = new TailLog(capacity, (call) => (frame = call));
  log.subscribe(() => told++);
  const next = () => {
    const call = frame;
    frame = null;
    call?.();
  };
  const numbers = () => log.view().entries.map((e: Entry) => ("event" in e ? Number(e.event.sequence_number) : "gap"));
  return { log, next, numbers, told: () => told };
}

test("a burst is told once a frame, and only the newest events are kept", () => {
  const { log, next, numbers, told } = made(5);
  for (let n = 0; n < 2000; n++) log.event(event(n));
  expect(told()).toBe(0);
  next();
  expect(told()).toBe(1);
  expect(numbers()).toEqual([1995, 1996, 1997, 1998, 1999]);
});

test("a pause keeps what is shown, counts what comes, left out or not, and shows it afterwards", () => {
  const { log, next, numbers } = made(5);
  log.event(event(1));
  next();
  log.event(event(2)); // not shown yet: under a pointer that is pressed nothing moves
  log.pause("scrolled");
  expect(numbers()).toEqual([1]);
  log.event(event(3));
  log.skipped({ count: 10, reason: "sampled" });
  next();
  expect(numbers()).toEqual([1]);
  expect(log.view()).toMatchObject({ paused: "scrolled", waiting: 12, sampled: 10 });
  log.pause("asked");
  expect(log.view().paused).toBe("scrolled");
  log.resume();
  expect(numbers()).toEqual([1, 2, 3]);
  expect(log.view()).toMatchObject({ paused: null, waiting: 0 });
});

test("a long pause does not keep more than can be shown", () => {
  const { log, numbers } = made(5);
  log.pause("asked");
  for (let n = 0; n < 10_000; n++) log.event(event(n));
  log.resume();
  expect(numbers()).toEqual([9995, 9996, 9997, 9998, 9999]);
});

test("a connection that was lost leaves a gap that is told, the first one does not", () => {
  const { log, next, numbers } = made(5);
  log.connected();
  log.event(event(1));
  log.lost();
  log.lost();
  next();
  expect(log.view().connection).toBe("lost");
  log.connected();
  log.event(event(2));
  next();
  expect(numbers()).toEqual([1, "gap", 2]);
});

test("beginning anew forgets all", () => {
  const { log, numbers } = made(5);
  log.event(event(1));
  log.pause("asked");
  log.begin();
  expect(numbers()).toEqual([]);
  expect(log.view().paused).toBe(null);
});
