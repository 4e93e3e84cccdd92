import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// A development server hands the API's paths on to a Helios that runs: HELIOS_URL, or the one that `make demo` starts.
const helios = process.env.HELIOS_URL ?? "http://127.0.0.1:8080";
const forward = { target: helios, changeOrigin: true };

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: process.env.CONSOLE_OUT ?? "../../internal/web/dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2023",
    chunkSizeWarningLimit: 700,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // what is inlined as data: would need a wider content security policy
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": forward, "/healthz": forward, "/readyz": forward, "/metrics": forward, "/openapi.json": forward },
  },
});
