import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { asRollcallError } from "../../src/errors/rollcall-error.ts";
import { loadProject, projects, projectsDir } from "./project.ts";
import { render } from "./render.ts";

const update = process.env["UPDATE"] === "1";

describe("a compose file becomes the plan that is written beside it", () => {
  test.each(projects)("%s", async (name) => {
    const dir = join(projectsDir, name);
    const { golden, text } = await outcomeOf(name, dir);
    const path = join(dir, golden);
    if (update) {
      for (const each of ["plan.golden.txt", "error.golden.txt"]) rmSync(join(dir, each), { force: true });
      writeFileSync(path, text);
    }
    expect(existsSync(path), `${golden} is missing: UPDATE=1 writes it`).toBe(true);
    expect(text).toBe(readFileSync(path, "utf8"));
  });

  test("there are enough of them to mean something", () => {
    expect(projects.length).toBeGreaterThanOrEqual(45);
  });
});

async function outcomeOf(name: string, dir: string): Promise<{ golden: string; text: string }> {
  try {
    return { golden: "plan.golden.txt", text: render(await loadProject(name), dir) };
  } catch (thrown) {
    const { code, message } = asRollcallError(thrown);
    return { golden: "error.golden.txt", text: `${code}: ${message.replaceAll(dir, ".")}\n` };
  }
}
