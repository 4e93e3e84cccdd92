import { defineConfig } from "@playwright/test";
import { browser } from "./browser";

// Takes the pictures of docs/images: not a test, and run by hand.
export default defineConfig({
  testDir: "screenshots",
  outputDir: "out",
  workers: 1,
  timeout: 1_800_000,
  reporter: [["list"]],
  use: { ...browser, actionTimeout: 15_000, trace: "off" },
});
