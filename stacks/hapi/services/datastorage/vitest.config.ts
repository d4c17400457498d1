import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/rig/global-setup.ts"],
    // Real stores and processes: limits are generous, what is right does not depend on speed.
    testTimeout: 90_000,
    hookTimeout: 120_000,
    maxWorkers: 3,
    pool: "forks",
  },
});
