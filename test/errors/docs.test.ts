import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { errorsPage } from "../../src/errors/docs.ts";

const file = new URL("../../docs/errors.md", import.meta.url);

test("docs/errors.md says what the tables say (UPDATE=1 npx vitest run test/errors writes it anew)", () => {
  if (process.env["UPDATE"] === "1") writeFileSync(file, errorsPage());
  expect(readFileSync(file, "utf8")).toBe(errorsPage());
});
