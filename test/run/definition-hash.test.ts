import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { definitionHash } from "../../src/run/state/definition-hash.ts";
import { useFolder } from "./fixtures/folder.ts";
import { server, stackOf } from "./fixtures/stack.ts";

const folder = useFolder();

test("a copied folder belongs to the definition with all that is in it, and what runs write there does not", async () => {
  const copied = join(folder.dir, "config");
  mkdirSync(join(copied, "deep/er"), { recursive: true });
  const file = (name: string) => join(copied, name);
  writeFileSync(file("deep/er/a.conf"), "one");
  const files = [{ kind: "copy", source: copied, target: "/config", mode: undefined }] as const;
  const hash = () => definitionHash(stackOf(folder.dir, [{ ...server("a"), files }]));
  const seen = new Set([await hash()]);
  const changes = [
    () => writeFileSync(file("deep/er/a.conf"), "two"),
    () => writeFileSync(file("deep/b.conf"), ""),
    () => chmodSync(file("deep/b.conf"), 0o755),
    () => symlinkSync("b.conf", file("deep/link")),
    () => mkdirSync(file("empty")),
  ];
  for (const change of changes) {
    change();
    seen.add(await hash());
  }
  expect(seen.size).toBe(1 + changes.length);
  const last = await hash();
  mkdirSync(file(".rollcall/runs"), { recursive: true });
  writeFileSync(file(".rollcall/runs/journal"), "a line");
  expect(await hash()).toBe(last);
});
