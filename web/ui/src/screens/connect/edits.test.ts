import { describe, expect, test } from "vitest";
import { editField, keyOf, noEdits, planOf, type Field } from "./edits";

const field = (path: string[], type: string, column = path.join("_")): Field => ({ path, type, column, share: 1, seen: [], examples: [], quarantine_share: 0 });
const fields = [field(["id"], "BIGINT"), field(["user", "name"], "VARCHAR"), field(["user", "home", "city"], "VARCHAR"), field(["note"], "", "")];
const names = (plan: ReturnType<typeof planOf>) => plan.columns.map((c) => `${c.name} ${c.type}`);

describe("the plan of a table", () => {
  test("is what was inferred while nothing is edited; a field that is always null gets no column", () => {
    const plan = planOf(fields, noEdits);
    expect(names(plan)).toEqual(["id BIGINT", "user_name VARCHAR", "user_home_city VARCHAR"]);
    expect(plan.lines.map((l) => `${l.kind} ${l.path.join(".")}`)).toEqual(["field id", "object user", "field user.name", "object user.home", "field user.home.city", "field note"]);
    expect([plan.ignore, plan.edited, plan.valid]).toEqual([[], false, true]);
  });

  test("keeps an object as one JSON column instead of its fields", () => {
    const plan = planOf(fields, { ...noEdits, objects: { [keyOf(["user"])]: "json" } });
    expect(names(plan)).toEqual(["id BIGINT", "user JSON"]);
    expect(plan.lines.map((l) => l.path.join("."))).toEqual(["id", "user", "note"]);
  });

  test("reads over a skipped object as a whole, and over a skipped field", () => {
    const plan = planOf(fields, { ...noEdits, fields: { [keyOf(["id"])]: { skip: true } }, objects: { [keyOf(["user", "home"])]: "skip" } });
    expect(names(plan)).toEqual(["user_name VARCHAR"]);
    expect(plan.ignore).toEqual([["id"], ["user", "home"]]);
  });

  test("gives a mixed field a column beside those of its object, and one line to decide for both", () => {
    const mixed = [field(["who"], "VARCHAR"), field(["who", "id"], "BIGINT")];
    expect(names(planOf(mixed, noEdits))).toEqual(["who VARCHAR", "who_id BIGINT"]);
    expect(names(planOf(mixed, { ...noEdits, objects: { [keyOf(["who"])]: "json" } }))).toEqual(["who JSON"]);
  });

  test("refuses names that are taken in another letter case, reserved or no names, and says where", () => {
    const renamed = (name: string) => planOf(fields, editField(noEdits, keyOf(["id"]), { name })).lines[0];
    expect(renamed("USER_name")?.wrong).toMatch(/Another column/);
    expect(renamed("_Arrived_at")?.wrong).toMatch(/Helios itself/);
    expect(renamed("1st")?.wrong).toMatch(/no digit first/);
    expect(renamed("größe")?.wrong).toBeUndefined();
  });

  test("takes columns by hand for fields that the sample does not hold, not for those it holds", () => {
    const byHand = (path: string) => planOf(fields, { ...noEdits, byHand: [{ id: 1, name: "extra", type: "TIMESTAMP", format: "epoch_ms", path }] });
    expect(byHand("meta.at").columns.at(-1)).toEqual({ name: "extra", type: "TIMESTAMP", format: "epoch_ms", path: ["meta", "at"] });
    expect(byHand("user.name").valid).toBe(false);
    expect(byHand("meta..at").valid).toBe(false);
  });

  test("lets a format go with a type that has none", () => {
    const edited = editField(editField(noEdits, keyOf(["id"]), { type: "TIMESTAMP", format: "epoch_s" }), keyOf(["id"]), { type: "BIGINT" });
    expect(planOf(fields, edited).columns[0]).toEqual({ name: "id", type: "BIGINT", path: ["id"] });
  });

  test("is unedited again when every change was taken back", () => {
    const key = keyOf(["id"]);
    expect(editField(editField(noEdits, key, { name: "x", skip: true }), key, { name: undefined, skip: false })).toEqual(noEdits);
  });
});
