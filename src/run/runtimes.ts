import { asRollcallError, RollcallError } from "../errors/rollcall-error.ts";
import type { Refusal, Runtime, RuntimeKind } from "../runtime/types.ts";
import type { Stack } from "../stack/types.ts";

/** Loaded when needed: a start on processes has no use for an engine's client. */
export async function openRuntime(kind: RuntimeKind): Promise<Runtime> {
  if (kind === "process") {
    const { createProcessRuntime } = await import("../runtime/process/runtime.ts");
    return createProcessRuntime();
  }
  return openEngine(kind);
}

async function openEngine(kind: "podman" | "docker" | "auto"): Promise<Runtime> {
  const { findContainerRuntime } = await import("../runtime/container/find.ts");
  return findContainerRuntime(kind);
}

export interface ChosenRuntime {
  readonly runtime: Runtime;
  /** Which and why; undefined: it was asked for. */
  readonly note: string | undefined;
}

/**
 * The runtime that was asked for, or with "auto" a working engine that takes the stack, else processes.
 * @throws RUNTIME_UNAVAILABLE, or RUNTIME_UNSUITABLE with everything that is refused.
 */
export async function chooseRuntime(stack: Stack, wanted: RuntimeKind | "auto"): Promise<ChosenRuntime> {
  if (wanted !== "auto") {
    const runtime = await openRuntime(wanted);
    const refusals = await runtime.refusals(stack);
    if (refusals.length === 0) return { runtime, note: undefined };
    await runtime.close();
    throw unsuitable(`${wanted} cannot run this stack`, refusals);
  }
  const engine = await tryEngine(stack);
  if ("runtime" in engine)
    return {
      runtime: engine.runtime,
      note: `runtime: ${engine.runtime.description}, which takes this stack`,
    };
  const runtime = await openRuntime("process");
  const refusals = await runtime.refusals(stack);
  if (refusals.length === 0) return { runtime, note: `runtime: processes of this machine (${engine.why})` };
  await runtime.close();
  throw unsuitable(`no engine can be used (${engine.why}), and processes cannot run this stack`, refusals);
}

async function tryEngine(stack: Stack): Promise<{ runtime: Runtime } | { why: string }> {
  if (!stack.units.some((unit) => unit.container !== undefined)) return { why: "the stack has no images" };
  let runtime: Runtime;
  try {
    runtime = await openEngine("auto");
  } catch (error) {
    return { why: asRollcallError(error).message };
  }
  const refusals = await runtime.refusals(stack);
  const [first] = refusals;
  if (first === undefined) return { runtime };
  await runtime.close();
  return { why: `${runtime.kind}: ${first.unit}: ${first.text}` };
}

function unsuitable(lead: string, refusals: readonly Refusal[]): RollcallError {
  const lines = refusals.map(({ unit, text, hint }) => `  ${unit}: ${text}${hint ? ` (${hint})` : ""}`);
  return new RollcallError("RUNTIME_UNSUITABLE", {
    message: `${lead}:\n${lines.join("\n")}`,
    service: refusals.length === 1 ? (refusals[0]?.unit ?? null) : null,
    ...(refusals.length === 1 && refusals[0]?.hint ? { hint: refusals[0].hint } : {}),
  });
}
