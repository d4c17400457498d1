import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/engines-e2e/*.slow-init.ts"],
    pool: "forks",
  },
});
