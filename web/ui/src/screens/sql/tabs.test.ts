import { expect, test } from "vitest";
import { closed, maxTabs, moved, newTab, opened, remembered, restored, titleOf, titlesOf, type Tabs } from "./tabs";

const three = (): Tabs => ({ tabs: ["a", "b", "c"].map((id) => ({ ...newTab({ sql: id }), id })), active: "b" });
const ids = (s: Tabs) => s.tabs.map((t) => t.id).join("");

test("a tab opens to the right of the active one, in place of it if that is empty, and not without end", () => {
  const more = opened(three(), { ...newTab({ sql: "x" }), id: "x" });
  expect(more && ids(more)).toBe("abxc");
  expect(more?.active).toBe("x");
  const empty = three();
  const instead = opened({ ...empty, tabs: [empty.tabs[0]!, { ...newTab(), id: "b" }] }, { ...newTab({ sql: "x" }), id: "x" });
  expect(instead && ids(instead)).toBe("ax");
  const full: Tabs = { tabs: Array.from({ length: maxTabs }, (_, i) => ({ ...newTab({ sql: "x" }), id: `${i}` })), active: "0" };
  expect(opened(full, newTab())).toBeNull();
});

test("the neighbour of a closed tab is next, and the last one leaves an empty one", () => {
  expect(closed(three(), "b")).toMatchObject({ active: "c" });
  expect(closed({ ...three(), active: "c" }, "c")).toMatchObject({ active: "b" });
  expect(closed(three(), "a")).toMatchObject({ active: "b" });
  const only = closed({ tabs: three().tabs.slice(0, 1), active: "a" }, "a");
  expect(only.tabs).toHaveLength(1);
  expect(only.active).toBe(only.tabs[0]?.id);
});

test("tabs move, but not over the edge", () => {
  expect(ids(moved(three(), "a", 1))).toBe("bac");
  expect(ids(moved(three(), "c", -5))).toBe("cab");
  expect(ids(moved(three(), "c", 1))).toBe("abc");
});

test("what was remembered comes back", () => {
  const state = three();
  state.tabs = [{ ...state.tabs[0]!, params: { x: "1" }, view: "both", refresh: 5, chart: { kind: "bar", x: "a", y: ["n"], stacked: true }, rows: { sort: [{ column: "n", descending: true }, { column: "a" }], find: "x", filters: { n: ">5" } }, saved: "top", name: "Top" }, ...state.tabs.slice(1)];
  expect(restored(remembered(state))).toEqual(state);
});

test.each([
  ["nothing", null],
  ["no JSON", "{"],
  ["something else", "[1]"],
  ["tabs that are none", '{"tabs":[1,{"id":"x"},{"id":"","sql":""}],"active":7}'],
])("%s gives one empty tab", (_, json) => {
  const state = restored(json);
  expect(state.tabs).toHaveLength(1);
  expect(state.active).toBe(state.tabs[0]?.id);
});

test("what is wrong with a tab is left out, the rest stays", () => {
  const { tabs, active } = restored('{"tabs":[{"id":"a","sql":"x","view":"?","refresh":2,"params":{"n":1,"m":"2"},"chart":{"kind":"sun"},"rows":{"sort":[1,{"descending":true}],"find":5,"filters":{"n":1}}},{"id":"a","sql":"again"}],"active":"gone"}');
  expect(tabs).toEqual([{ id: "a", sql: "x", params: { m: "2" }, view: "grid", refresh: 0 }]);
  expect(active).toBe("a");
});

test.each([
  ["", "New query"],
  ["SELECT 1", "Query"],
  ["-- Top products\nSELECT 1", "Top products"],
  ["/* Funnel */ SELECT 1", "Funnel"],
  ["SELECT * FROM storefront", "storefront"],
  ['select 1 from quarantine."storefront" q', "quarantine.storefront"],
  ["SELECT * FROM (SELECT 1)", "Query"],
])("%j is called %s", (sql, title) => expect(titleOf(newTab({ sql }))).toBe(title));

test("tabs that ask the same table are told apart, and keep the names that people gave", () => {
  const sql = "SELECT * FROM storefront";
  const tabs = [newTab({ sql }), newTab({ sql, name: "Mine" }), newTab({ sql }), newTab({ sql, name: "Mine" }), newTab({ sql, saved: "q" }), newTab({ sql })];
  expect(titlesOf(tabs, [{ id: "q", name: "Top" }])).toEqual(["storefront", "Mine", "storefront 2", "Mine", "Top", "storefront 3"]);
});
