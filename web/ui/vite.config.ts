import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { access } from "./access.ts";
import { packages } from "./packages.ts";

// A development server hands the API's paths on to a Helios that runs: HELIOS_URL, or the one that `make demo` starts.
const helios = process.env.HELIOS_URL ?? "http://127.0.0.1:8080";
// It refuses requests that come from pages of other origins, and to it this page is one.
const forward = { target: helios, changeOrigin: true, headers: { Origin: helios } };

// Left to itself, each icon and each part that two screens share is a file of its own: sixty requests before a screen is there.
// What is always needed together is one file; `npm run build` holds what a screen loads first to its budget.
const groups = [
  { name: "shell", tags: ["$initial" as const], priority: 6 },
  { name: "icons", test: /node_modules[\\/]lucide-react/, priority: 5 },
  { name: "kit", test: /src[\\/](ui[\\/](?!dialog|menu-list|tabs)|lib|api|data[\\/](reasons|source-state))/, minShareCount: 2, priority: 4 },
  { name: "tabs", test: /src[\\/]ui[\\/]tabs/, priority: 3 },
  { name: "overlays", test: /src[\\/]ui[\\/](dialog|menu-list)/, priority: 2 },
  { name: "results", test: /src[\\/](data[\\/][^\\/]+\.tsx?$|screens[\\/]sql[\\/]lang[\\/])/, minShareCount: 2, priority: 1 },
];

export default defineConfig({
  plugins: [react(), tailwindcss(), packages()],
  define: { __ACCESS__: JSON.stringify(access()) },
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: process.env.CONSOLE_OUT ?? "../../internal/web/dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2023",
    chunkSizeWarningLimit: 700,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // what is inlined as data: would need a wider content security policy
    rolldownOptions: { output: { codeSplitting: { groups } } },
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": forward, "/healthz": forward, "/readyz": forward, "/metrics": forward, "/openapi.json": forward },
  },
});
