import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { canListen } from "../../src/ports/can-listen.ts";
import { findFreePort } from "../../src/ports/find-free-port.ts";
import { isReached } from "../../src/ports/is-reached.ts";

/** The rule that a killed engine leaves: to a container that nobody has any more. */
const rule = (deed: "-A" | "-D", port: number) =>
  [
    "iptables",
    "-w",
    "-t",
    "nat",
    deed,
    "OUTPUT",
    "-d",
    "127.0.0.1",
    "-p",
    "tcp",
    "--dport",
    String(port),
  ].concat([..."-j DNAT --to-destination 198.51.100.1:8080".split(" ")]);

function run([program = "", ...args]: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test("a free port is reached, and can be listened on right after", async () => {
  const { port, release } = await findFreePort();
  expect(await isReached(port)).toBe(true);
  expect(await canListen(port)).toBe("free");
  release();
});

test("a port whose connections are diverted is not", async (context) => {
  const { port, release } = await findFreePort();
  try {
    if (!run(rule("-A", port))) return context.skip("no rule can be made: it takes root and iptables");
    try {
      expect(await canListen(port)).toBe("free");
      expect(await isReached(port)).toBe(false);
    } finally {
      run(rule("-D", port));
    }
  } finally {
    release();
  }
});
