import { defineConfig } from "@playwright/test";
import { browser } from "./browser";

// One test at a time: each has a Helios of its own, and what is measured is measured on a machine that does nothing else.
export default defineConfig({
  testDir: "tests",
  outputDir: "out",
  workers: 1,
  forbidOnly: true,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: { ...browser, actionTimeout: 15_000, trace: "retain-on-failure", screenshot: "only-on-failure" },
});
