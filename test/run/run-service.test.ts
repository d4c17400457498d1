import { renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { asRollcallError } from "../../src/errors/rollcall-error.ts";
import { up } from "../../src/run/start/up.ts";
import { useFolder } from "./fixtures/folder.ts";
import { server, serverFile, stackOf } from "./fixtures/stack.ts";

const folder = useFolder();

test("a restart that fails says why without the secrets of the stack", async () => {
  const program = join(folder.dir, "s3cret-word");
  symlinkSync(process.execPath, program);
  const a = {
    ...server("a"),
    process: { kind: "command" as const, argv: [[program], [serverFile]], cwd: folder.dir },
    secrets: ["s3cret-word"],
  };
  const run = await up(stackOf(folder.dir, [a]), { runtime: "process", onExit: "report" });
  renameSync(program, join(folder.dir, "elsewhere"));
  const error = await run
    .service("a")
    .restart()
    .then(() => undefined, asRollcallError);
  expect(error?.message).toContain("***");
  expect(JSON.stringify(error?.report)).not.toContain("s3cret");
  await run.down();
});
