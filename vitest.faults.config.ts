import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/faults/*.faults.ts"],
    globalSetup: ["test/faults/set-up.ts"],
    // Limits are generous: what is right does not depend on speed, and how late reports came is told at the end.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxConcurrency: 2,
    fileParallelism: false,
    pool: "forks",
  },
});
