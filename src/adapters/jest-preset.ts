import { fileURLToPath } from "node:url";

const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** `preset: "rollcall/jest"`: up before the first test, down after the last, `rollcall` in every test file. */
export default {
  globalSetup: beside("./jest-setup.js"),
  globalTeardown: beside("./jest-teardown.js"),
  testEnvironment: beside("./jest-environment.js"),
};
