import { describe, expect, it } from "vitest";
import { compact, room, step, type Placed, type Step } from "./layout";

const board = (text: string): Placed[] => text.split(" ").map((p) => {
  const [id = "", x, y, w, h] = p.split(/[:,]/);
  return { id, layout: { x: Number(x), y: Number(y), w: Number(w), h: Number(h) } };
});
const told = (panels: readonly Placed[]) => panels.map(({ id, layout: { x, y, w, h } }) => `${id}:${x},${y},${w},${h}`).join(" ");

describe("panels", () => {
  it.each([
    ["fall up until they meet another", "a:0,4,6,3 b:0,20,12,2 c:6,9,6,5", "a:0,0,6,3 b:0,5,12,2 c:6,0,6,5"],
    ["that overlap go apart", "a:0,0,6,3 b:3,1,6,2 c:0,2,2,2", "a:0,0,6,3 b:3,3,6,2 c:0,3,2,2"],
    ["stay inside of the grid", "a:9,0,6,3 b:0,-5,40,2", "a:6,2,6,3 b:0,0,12,2"],
    ["do not jump over one that is in the way", "a:0,0,4,2 b:0,2,12,2 c:4,4,4,2", "a:0,0,4,2 b:0,2,12,2 c:4,4,4,2"],
  ])("%s", (_, before, after) => expect(told(compact(board(before)))).toBe(after));

  const two = "a:0,0,6,3 b:6,0,6,3 c:0,3,12,4";
  it.each<[string, Step, string]>([
    ["a", "down", "a:0,7,6,3 b:6,0,6,3 c:0,3,12,4"],
    ["c", "up", "a:0,4,6,3 b:6,4,6,3 c:0,0,12,4"],
    ["a", "up", two],
    ["c", "down", two],
    ["a", "left", two],
    ["a", "right", "a:1,0,6,3 b:6,3,6,3 c:0,6,12,4"],
    ["b", "narrower", "a:0,0,6,3 b:6,0,5,3 c:0,3,12,4"],
    ["a", "taller", "a:0,0,6,4 b:6,0,6,3 c:0,4,12,4"],
    ["b", "wider", two],
  ])("%s goes %s", (id, how, after) => expect(told(step(board(two), id, how))).toBe(after));

  it("come back from where they went", () => expect(told(step(step(board(two), "a", "down"), "a", "up"))).toBe(two));
});

describe("a new panel", () => {
  it("takes the first gap", () => expect(room(board("a:0,0,6,3 b:9,0,3,3 c:0,3,12,4"), 3, 3)).toEqual({ x: 6, y: 0, w: 3, h: 3 }));
  it("goes below when there is none", () => expect(room(board("a:0,0,12,3"), 3, 3)).toEqual({ x: 0, y: 3, w: 3, h: 3 }));
});
