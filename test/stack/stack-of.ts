import { tmpdir } from "node:os";
import { RollcallError } from "../../src/errors/rollcall-error.ts";
import { type Problem, problemsOf } from "../../src/stack/problem.ts";
import type { Stack, Unit } from "../../src/stack/types.ts";
import { validateStack } from "../../src/stack/validate.ts";

/** A validated stack of these services. */
export function stackOf(services: Record<string, unknown>, more: Record<string, unknown> = {}): Stack {
  return validateStack({ name: "test", services, ...more }, { dir: tmpdir() });
}

/** The only unit of a stack. */
export function unitOf(unit: Record<string, unknown>): Unit {
  const [built] = stackOf({ it: unit }).units;
  if (built === undefined) throw new Error("no unit");
  return built;
}

export function problemsIn(act: () => unknown): readonly Problem[] {
  return problemsOf(errorOf(act));
}

export function errorOf(act: () => unknown): RollcallError {
  try {
    act();
  } catch (error) {
    if (error instanceof RollcallError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** The smallest service that is sound. */
export const sound = {
  command: ["node", "server.js"],
  ports: { http: "free" },
  ready: { tcp: true },
} as const;
