import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["tests/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
    pool: "forks",
    // rollcall as its users run it: built, and loaded by Node itself.
    server: { deps: { external: [/\/dist\//] } },
  },
});
