import { RollcallError } from "../errors/rollcall-error.ts";
import { planStack } from "../plan/plan.ts";
import type { Plan } from "../plan/types.ts";
import type { Order, Stack } from "../stack/types.ts";
import { labelPattern } from "../util/label.ts";
import { definitionHash } from "./state/definition-hash.ts";
import { realStackDir } from "./state/find.ts";
import { randomLetters } from "./state/folders.ts";
import type { UpOptions } from "./types.ts";

/** What `up` was asked for, with every default filled in. */
export interface UpRequest {
  readonly stack: Stack;
  readonly plan: Plan;
  readonly name: string;
  /** Without symlinks: one lock for all ways to the folder. */
  readonly stackDir: string;
  readonly definition: string;
  readonly order: Order;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** This use of the run; one process may use it twice. */
  readonly user: string;
  readonly options: UpOptions;
}

/** Throws DEFINITION_INVALID or USAGE before anything has happened. */
export async function readRequest(stack: Stack, options: UpOptions): Promise<UpRequest> {
  const name = options.name ?? stack.name;
  if (!labelPattern.test(name)) {
    throw new RollcallError("USAGE", {
      message: `name: expected lower-case letters, digits and dashes (at most 63), got "${name}".`,
      hint: "Names must be valid on every runtime.",
    });
  }
  const order = options.order ?? stack.order;
  const services = options.services ?? [];
  return {
    stack,
    plan: planStack(stack, { ...(services.length > 0 && { services }), order }),
    name,
    stackDir: realStackDir(stack.dir),
    definition: await definitionHash(stack),
    order,
    timeoutMs: options.timeoutMs ?? stack.timeoutMs,
    signal: options.signal ?? new AbortController().signal,
    user: randomLetters(16),
    options,
  };
}
