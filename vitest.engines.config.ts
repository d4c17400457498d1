import { defineConfig } from "vitest/config";

/** What ends, fills and floods real engines: `npm run engines`, apart from `npm test`. */
export default defineConfig({
  test: {
    include: ["test/engines-e2e/*.engines.ts"],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: false,
    pool: "forks",
  },
});
