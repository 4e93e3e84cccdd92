// Which packages of others are inside the console: a release ships their licences. The bundler alone knows, because most of what is installed only builds or tests.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const root = fileURLToPath(new URL(".", import.meta.url)).replaceAll("\\", "/");

/** The directory of the package that a module belongs to, seen from here; undefined for our own. */
function directory(id: string): string | undefined {
  const own = /^\0(vite|rolldown)\//.exec(id); // what the bundler itself adds
  if (own) return `node_modules/${own[1]}`;
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id.replaceAll("\\", "/"))?.[0].replace(root, "");
}

/** Writes packages.json beside manifest.json: the directories of the packages of which a line is in the bundle, in order. */
export function packages(): Plugin {
  return {
    name: "packages",
    generateBundle(_, bundle) {
      const inside = new Set(["node_modules/tailwindcss"]); // of whose style sheet ours is made
      const scripts = Object.values(bundle).flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
      const styles = [...this.getModuleIds()].filter((id) => id.endsWith(".css")); // which are in no chunk any more
      for (const id of [...scripts, ...styles]) {
        const of = directory(id);
        if (of) inside.add(of);
      }
      const missing = [...inside].filter((of) => !existsSync(`${root}${of}/package.json`));
      if (missing.length > 0) this.error(`no package.json in ${missing.join(", ")}`);
      this.emitFile({ type: "asset", fileName: "packages.json", source: `${JSON.stringify([...inside].sort(), null, 2)}\n` });
    },
  };
}
