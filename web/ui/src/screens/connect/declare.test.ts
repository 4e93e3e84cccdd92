import { describe, expect, test } from "vitest";
import { bodyOf, commandOf, tableFor, wrongTable, yamlOf, type Choice } from "./declare";

const plain: Choice = { connection: { region: "eu-central-1" }, stream: "clicks", table: "clicks", from: "horizon" };
const full: Choice = {
  connection: { endpoint: "http://127.0.0.1:4567" },
  stream: "on",
  table: "t",
  from: "2026-03-01T12:00:00Z",
  evolve: "fixed",
  retain: "30d, 200GB",
  event_time: "at",
  columns: [
    { name: "id", type: "BIGINT", path: ["id"] },
    { name: "at", type: "TIMESTAMP", format: "epoch_ms", path: ["meta", "at: ms"] },
  ],
  ignore: [["user", "ssn"]],
};

describe("a source that is to be made", () => {
  test("says in a request only what differs from the defaults", () => {
    expect(bodyOf(plain)).toEqual({ stream: "clicks", table: "clicks", region: "eu-central-1" });
    expect(bodyOf(full)).toMatchObject({ from: "2026-03-01T12:00:00Z", ignore: [["user", "ssn"]], event_time: "at" });
  });

  test("is YAML whose texts cannot be taken for anything else", () => {
    expect(yamlOf(full)).toBe(`sources:
  - stream: "on"
    table: t
    endpoint: "http://127.0.0.1:4567"
    from: "2026-03-01T12:00:00Z"
    evolve: fixed
    retain: "30d, 200GB"
    event_time: at
    columns:
      - {name: id, type: BIGINT}
      - {name: at, type: TIMESTAMP, path: [meta, "at: ms"], format: epoch_ms}
    ignore:
      - [user, ssn]
`);
  });

  test("is a command for a shell, and tells what the command cannot say", () => {
    expect(commandOf(plain, "http://127.0.0.1:8080")).toEqual({ command: "helios sources add clicks --table clicks --region eu-central-1 --yes", lacks: [] });
    const { command, lacks } = commandOf(full, "https://helios.example");
    expect(command).toContain("--retain '30d, 200GB' --url https://helios.example --yes");
    expect(command).toContain("--event-time at");
    expect(lacks).toEqual(["the columns as you edited them", "the fields to skip"]);
  });
});

test.each([
  ["Orders-2026.eu", "orders_2026_eu"],
  ["1-clicks", "clicks"],
  ["---", "events"],
  ["x".repeat(100), "x".repeat(63)],
])("the stream %s gets the table %s", (stream, table) => {
  expect(tableFor(stream)).toBe(table);
  expect(wrongTable(table)).toBeUndefined();
});
