// Holds every screen's first load to its budget: what a browser must fetch before the screen's shell is there, compressed.
// Editor, charts, grid layout and formatter are loaded when they are needed, and are not part of it.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const budget = 180_000;
const out = new URL(`${process.env.CONSOLE_OUT ?? "../../internal/web/dist"}/`, import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("manifest.json", out), "utf8"));

const sizes = new Map();
const size = (file) => {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(new URL(file, out)), { level: 9 }).length);
  return sizes.get(file);
};

/** Everything that is loaded together with an entry of the manifest. */
function together(key, files = new Set()) {
  const chunk = manifest[key];
  if (files.has(chunk.file)) return files;
  files.add(chunk.file);
  for (const css of chunk.css ?? []) files.add(css);
  for (const next of chunk.imports ?? []) together(next, files);
  return files;
}

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const screens = Object.keys(manifest).filter((key) => /^src\/screens\/[^/]+\/(index|dashboard)\.tsx$/.test(key));
let failed = screens.length === 0;
for (const screen of screens.sort()) {
  const files = together(screen, together(entry));
  const total = [...files].reduce((sum, file) => sum + size(file), 0);
  const over = total > budget;
  failed ||= over;
  console.log(`${over ? "OVER " : "     "}${screen.replace("src/screens/", "").padEnd(28)} ${(total / 1000).toFixed(1).padStart(7)} kB gzip`);
}
if (failed) {
  console.error(`A screen's first load must stay under ${budget / 1000} kB gzip: load what is not needed at once with import().`);
  process.exit(1);
}
