import { join } from "node:path";
import { loadStack, type Run, up } from "rollcall";

/** A stack of the test's own, on free ports beside the one that `rollcall run` brought up, on the same runtime. */
export async function ownStack(file: string, name: string): Promise<Run> {
  const stack = await loadStack(join(import.meta.dirname, "..", file), { cwd: process.cwd() });
  const runtime = process.env["ROLLCALL_RUNTIME"];
  return up(stack, {
    name: `${name}-${process.pid}`,
    ports: "free",
    ...(runtime === "process" || runtime === "podman" || runtime === "docker" ? { runtime } : {}),
  });
}
