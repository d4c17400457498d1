import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { whoHolds } from "../../../src/ports/who-holds.ts";
import type { Instance, PublishedPort } from "../../../src/runtime/types.ts";
import { command, createRig, freePort, type Rig } from "./rig.ts";

let rig: Rig;
let ports: readonly PublishedPort[];
let port: number;
let stranger: Server;
beforeEach(async () => {
  rig = createRig();
  ports = await freePort("http");
  port = ports[0]?.host ?? 0;
  stranger = createServer();
});
afterEach(async () => {
  stranger.close();
  await rig.end();
  // A daemon without a mark is nobody's that rollcall could find.
  const { pid = process.pid } = (await whoHolds(port)) ?? {};
  if (pid !== process.pid) process.kill(pid, "SIGKILL");
});

const idle = () => rig.start("api", command("sleep", "300"), ports);

/** A service whose command makes some process listen on the port; the shell has the code of it as its first argument. */
async function listening(script: string, host = "127.0.0.1"): Promise<Instance> {
  const options = JSON.stringify({ port, host, ipv6Only: true });
  const code = `require("node:net").createServer().listen(${options}, () => console.log("listening"))`;
  const argv = ["sh", "-c", script, process.execPath, code];
  const instance = await rig.start("api", command(...argv), ports);
  await rig.logged("api", /listening/);
  return instance;
}

const itself = 'exec "$0" -e "$1"';

test("on a port that another process holds is told with its pid and name", async () => {
  const instance = await idle();
  expect(await instance.strangerOn?.("http")).toBeUndefined();
  stranger.listen(port, "127.0.0.1");
  await once(stranger, "listening");
  expect(await instance.strangerOn?.("http")).toMatch(new RegExp(`^process ${process.pid} \\(.+\\)$`));
});

test("is seen beside a service that listens on another address of the port", async () => {
  const instance = await listening(itself, "::1");
  stranger.listen(port, "127.0.0.1");
  await once(stranger, "listening");
  expect(await instance.strangerOn?.("http")).toContain(`process ${process.pid} `);
});

test.each([
  ["the service itself", itself],
  ["its worker", '"$0" -e "$1" & wait'],
  ["its daemon", '(setsid "$0" -e "$1" &) ; exec sleep 300'],
  ["its daemon that has put off the mark", '(env -i setsid "$0" -e "$1" &) ; exec sleep 300'],
])("is not %s", async (_who, script) => {
  const instance = await listening(script);
  expect(await instance.strangerOn?.("http")).toBeUndefined();
});
