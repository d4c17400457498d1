import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunEvent } from "../../src/journal/events.ts";
import { up } from "../../src/run/start/up.ts";
import { journalFileOf } from "../../src/run/state/folders.ts";
import type { Service } from "../../src/stack/types.ts";
import { useFolder } from "./fixtures/folder.ts";
import { server, stackOf } from "./fixtures/stack.ts";

const folder = useFolder();

/** Once it has been asked for /turn it sends everybody elsewhere, with its password in the address. */
const turning = `
import { createServer } from "node:http";
let turned = false;
createServer((request, response) => {
  if (turned) response.writeHead(302, { location: "/login?password=" + process.env.DB_PASSWORD });
  turned ||= request.url === "/turn";
  response.end();
}).listen(Number(process.env.PORT), "127.0.0.1");
`;

function turningServer(): Service {
  const file = join(folder.dir, "turning.mjs");
  writeFileSync(file, turning);
  const plain = server("a", { env: { DB_PASSWORD: "s3cret-word" } });
  return {
    ...plain,
    process: { kind: "command", argv: [[process.execPath], [file]], cwd: folder.dir },
    secrets: ["s3cret-word"],
    budgetMs: 5000,
  };
}

test("what a gate shows that does not open again is told without its secrets, everywhere", async () => {
  const stack = stackOf(folder.dir, [turningServer()]);
  const first = await up(stack, { runtime: "process", onExit: "report" });
  await fetch(`${first.service("a").url()}/turn`);
  const told: RunEvent[] = [];
  const second = await up(stack, { runtime: "process", onEvent: (event) => told.push(event) });
  const notes = told.flatMap((event) => (event.type === "note" ? [event.text] : []));
  expect(notes[0]).toMatch(/^demo was up, but a does not answer as it should: .*\/login\?password=\*\*\*/);
  expect(JSON.stringify(told)).not.toContain("s3cret");
  expect(readFileSync(journalFileOf(second.dir), "utf8")).not.toContain("s3cret");
  await first.down();
  await second.down();
});
