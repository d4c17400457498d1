import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeImport, stackFileText } from "../../src/compose/import.ts";
import { loadStack } from "../../src/load/load.ts";
import type { Stack } from "../../src/stack/types.ts";
import { loadProject, projects, projectsDir } from "./project.ts";

let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "rollcall-import-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** All that a runtime and the conductor know of it. */
function essence(stack: Stack): unknown {
  const { file: _, notes: __, ...rest } = stack;
  const units = rest.units.map((unit) => ({
    ...unit,
    after: unit.after.map(({ service, condition }) => ({ service, condition })),
    secrets: undefined,
  }));
  return JSON.parse(JSON.stringify({ ...rest, units }));
}

describe("an imported compose file loads again to an equal stack", () => {
  const loadable = projects.filter((name) =>
    statSync(join(projectsDir, name, "plan.golden.txt"), { throwIfNoEntry: false })?.isFile(),
  );
  test.each(loadable)("%s", async (name) => {
    const stack = await loadProject(name);
    const text = stackFileText(stack, { from: "compose.yaml", dir: stack.dir });
    const file = join(dir, `rollcall-${name}.yaml`);
    writeFileSync(file, text);
    const again = await loadStack(file, { cwd: dir });
    expect(essence(again)).toEqual(essence(stack));
    const written = again.units.map((unit) => JSON.stringify({ ...unit, secrets: [] }));
    for (const [index, unit] of stack.units.entries()) {
      // What stands in the file is masked as before; the text of a secret's file stays in that file.
      const here = unit.secrets.filter((secret) =>
        written[index]?.includes(JSON.stringify(secret).slice(1, -1)),
      );
      expect(again.units[index]?.secrets).toEqual(expect.arrayContaining([...here]));
    }
  });
});

test("the file says what is not honoured, and where it stood", async () => {
  const stack = await loadProject("keys-ignored");
  const text = stackFileText(stack, { from: "compose.yaml" });
  expect(text).toContain("# Made of compose.yaml.");
  expect(text).toContain("# - compose.yaml:6: services.app.restart: is not honoured");
});

test("what was mapped is told a line a service, without secrets", async () => {
  const lines = describeImport(await loadProject("migrations"));
  expect(lines[0]).toBe("mapped:");
  expect(lines).toContain("  migrate: task; done when it ends with exit code 0, within 2 min");
  expect(lines.at(-1)).toBe("refused: nothing");
  expect(describeImport(await loadProject("known-redis")).join("\n")).not.toContain("redis-secret");
});

test("the imported file is one that a person would keep", async () => {
  const stack = await loadProject("web-and-database");
  const text = stackFileText(stack, { from: "docker-compose.yml" });
  const golden = join(projectsDir, "..", "import.golden.yaml");
  if (process.env["UPDATE"] === "1") writeFileSync(golden, text);
  expect(text).toBe(readFileSync(golden, "utf8"));
});
