import { connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { PublishedPort } from "../../../src/runtime/types.ts";
import { listProcesses, readCommand } from "../../../src/util/process-table.ts";
import { createRig, freePort, quick, type Rig } from "./rig.ts";

let rig: Rig;
let ports: readonly PublishedPort[];
beforeEach(async () => {
  rig = createRig();
  ports = await freePort("redis");
});
afterEach(() => rig.end());

/** What Redis answers to lines of its inline protocol. */
function say(...lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(ports[0]?.host ?? 0, "127.0.0.1", () =>
      socket.write(`${lines.join("\r\n")}\r\nQUIT\r\n`),
    );
    let answer = "";
    socket.on("data", (data) => {
      answer += data.toString();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
  });
}

test("Redis starts with its password and its arguments, none of them on its command line", async () => {
  const instance = await rig.start(
    "redis",
    { kind: "redis", password: 'pass "word', args: ["--maxmemory", "64mb"] },
    ports,
  );
  await rig.logged("redis", /Ready to accept connections/);
  expect(await say("PING")).toContain("NOAUTH");
  const answer = await say(
    'AUTH "pass \\"word"',
    "CONFIG GET maxmemory",
    "CONFIG GET bind",
    "CONFIG GET save",
  );
  expect(answer).toContain("67108864");
  expect(answer).toContain("127.0.0.1");
  const commands = listProcesses().map(({ pid }) => readCommand(pid) ?? "");
  expect(commands.filter((text) => text.includes('pass "word'))).toEqual([]);
  expect(await instance.stop({ signal: "SIGTERM", graceMs: 30_000 })).toMatchObject({ exitCode: 0 });
  expect(await rig.place.remove(quick)).toEqual([]);
});

test("a Redis that has overwritten its environment is found and removed by the run's name", async () => {
  const instance = await rig.start("redis", { kind: "redis", password: undefined, args: [] }, ports);
  await rig.logged("redis", /Ready to accept connections/);
  expect(await say("PING")).toContain("PONG");
  expect((await rig.place.audit()).map(({ kind }) => kind).sort()).toEqual(["folder", "process"]);
  expect(await rig.place.remove(quick)).toEqual([]);
  expect(await instance.exited).toMatchObject({ signal: "SIGKILL" });
});
