import { defineConfig } from "@playwright/test";
import { withStack } from "rollcall/playwright";
import stack from "./rollcall.config.ts";

export default withStack(
  defineConfig({
    testDir: ".",
    workers: 2,
    use: { baseURL: "http://127.0.0.1:18731" },
    webServer: { command: "node site.mjs", url: "http://127.0.0.1:18731/health" },
  }),
  { stack, databases: ["db"] },
);
