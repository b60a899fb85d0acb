import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": path("./src"), "#examples": path("../examples") } },
  test: {
    environment: "jsdom",
    // In threads, to which the flags of the process apply: nothing here runs long enough to be worth optimizing.
    pool: "threads",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testing/setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    css: false,
    // One document for all files: to make it anew took longer than the tests. What they share is put back in setup.ts.
    isolate: false,
    server: { deps: { inline: [/@cloudscape-design/] } },
    // Cloudscape is a thousand modules: what was made of each is kept in node_modules, for as long as it is the same.
    experimental: { fsModuleCache: true },
  },
});
