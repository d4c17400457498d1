import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findFreePort } from "../../src/ports/find-free-port.ts";
import { up } from "../../src/run/start/up.ts";
import type { Service } from "../../src/stack/types.ts";
import { useFolder } from "./fixtures/folder.ts";
import { server, serverFile, stackOf } from "./fixtures/stack.ts";

const folder = useFolder();

/** The server, as soon as the file is there. */
function late(name: string, host: number, file: string): Service {
  const script = 'until [ -e "$1" ]; do sleep 0.05; done; exec "$0" "$2"';
  const argv = ["sh", "-c", script, process.execPath, file, serverFile].map((word) => [word]);
  return { ...server(name, { host }), process: { kind: "command", argv, cwd: folder.dir } };
}

test("an answer of somebody else, who took the port after the check, opens no gate and is named", async () => {
  const file = join(folder.dir, "go");
  const stranger = createServer((_request, response) => response.end("not me"));
  const { port, release } = await findFreePort();
  release();
  const text = `port ${port} is held by process ${process.pid} `;
  const starting = up(stackOf(folder.dir, [server("a"), late("b", port, file)]), {
    runtime: "process",
    onEvent(event) {
      if (event.type === "gate.opened") stranger.listen(port, "127.0.0.1");
      if (event.type === "probe.observed" && event.observed.startsWith(text)) writeFileSync(file, "");
    },
  });
  try {
    await expect(starting).rejects.toMatchObject({
      code: "EXITED_EARLY",
      service: "b",
      report: { observed: expect.stringMatching(`^${text}.*, which is not part of this service$`) },
    });
  } finally {
    stranger.close();
    await starting.then((run) => run.down()).catch(() => {});
  }
});
