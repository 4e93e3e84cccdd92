import { expect, test } from "vitest";
import { advice } from "./advice";

test("a denied action is named", () => {
  expect(advice("2 of 4 shards cannot be read: AWS does not allow kinesis:GetRecords on stream clicks: AccessDeniedException")).toContain("kinesis:GetRecords");
});

test("a key that may not be used is told apart from a stream that may not be read", () => {
  expect(advice("AWS does not allow the key that encrypts stream clicks to be used: KMSAccessDeniedException")).toContain("kms:Decrypt");
});

test("what is not known is tried again", () => {
  expect(advice("the moon is full")).toMatch(/tries again by itself/);
});
