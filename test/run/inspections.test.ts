import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { up } from "../../src/run/start/up.ts";
import { listRuns } from "../../src/run/state/find.ts";
import { runDirOf } from "../../src/run/state/folders.ts";
import { validateStack } from "../../src/stack/validate.ts";
import { describeEngines } from "../engines/engines.ts";
import { busybox } from "../engines-e2e/units.ts";

describeEngines("what is kept of a container that failed", ({ kind, address }) => {
  test("holds no secret, wherever the engine has it", { timeout: 120_000 }, async () => {
    const dir = await mkdtemp(join(tmpdir(), "rollcall-inspect-"));
    const variable = kind === "podman" ? "CONTAINER_HOST" : "DOCKER_HOST";
    const before = process.env[variable];
    process.env[variable] = address;
    try {
      const a = {
        image: busybox,
        pull: "never",
        command: ["sh", "-c", "echo s3cret-word; exit 3"],
        container: { labels: { note: "s3cret-word" } },
        secrets: ["s3cret-word"],
        ready: { log: "never" },
      };
      const stack = validateStack({ name: "kept", services: { a } }, { dir });
      await expect(up(stack, { runtime: kind })).rejects.toMatchObject({ code: "EXITED_EARLY" });
      const [run] = await listRuns(stack);
      const text = await readFile(join(runDirOf(dir, run?.run ?? ""), "inspect", "a.json"), "utf8");
      expect(text).toContain("echo ***; exit 3");
      expect(text).not.toContain("s3cret");
    } finally {
      if (before === undefined) delete process.env[variable];
      else process.env[variable] = before;
      await rm(dir, { recursive: true, force: true });
    }
  });
});
