import { join } from "node:path";
import { loadStack, type Run, type UpOptions, up } from "rollcall";

/** The runtime that the stack of these tests was brought up on, if that was named. */
export function runtimeOfStack(): Pick<UpOptions, "runtime"> {
  const runtime = process.env["ROLLCALL_RUNTIME"];
  return runtime === "process" || runtime === "podman" || runtime === "docker" ? { runtime } : {};
}

/** A stack of the test's own, on free ports beside the one that `rollcall run` brought up, on the same runtime. */
export async function ownStack(file: string, name: string): Promise<Run> {
  const stack = await loadStack(join(import.meta.dirname, "..", file), { cwd: process.cwd() });
  return up(stack, { name: `${name}-${process.pid}`, ports: "free", ...runtimeOfStack() });
}
