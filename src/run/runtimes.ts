import { asRollcallError, RollcallError } from "../errors/rollcall-error.ts";
import type { Refusal, Runtime, RuntimeKind } from "../runtime/types.ts";
import type { Stack } from "../stack/types.ts";
import { identityOf } from "./state/identity.ts";
import type { RunRecord } from "./types.ts";

/** Loads all that this runtime needs, without asking for it. */
export async function loadRuntime(kind: RuntimeKind): Promise<void> {
  if (kind === "process") await import("../runtime/process/runtime.ts");
  else await import("../runtime/container/find.ts");
}

/** What may end the search for an engine that does not answer. */
export interface EngineSearch {
  readonly signal?: AbortSignal;
  /** In milliseconds. */
  readonly limitMs?: number;
}

/** Loaded when needed: a start on processes has no use for an engine's client. */
export async function openRuntime(kind: RuntimeKind, search: EngineSearch = {}): Promise<Runtime> {
  if (kind === "process") {
    const { createProcessRuntime } = await import("../runtime/process/runtime.ts");
    return createProcessRuntime();
  }
  return openEngine(kind, search);
}

/**
 * Where a run is, whatever engine the environment of this process points to. An engine that is reached in another way
 * by now is known by what it has of the run. Throws RUNTIME_UNAVAILABLE.
 */
export async function openRuntimeOf(
  dir: string,
  record: RunRecord,
  search: EngineSearch = {},
): Promise<Runtime> {
  const { runtime: kind, engine } = record;
  if (kind === "process" || engine === undefined) return openRuntime(kind, search);
  const { findEngineAt } = await import("../runtime/container/find.ts");
  try {
    return await findEngineAt(engine, kind, search);
  } catch (error) {
    search.signal?.throwIfAborted();
    const other = await openEngine(kind, search).catch(() => undefined);
    const has = await other?.open(identityOf(dir, record)).audit();
    if (other !== undefined && has !== undefined && has.length > 0) return other;
    await other?.close();
    throw new RollcallError("RUNTIME_UNAVAILABLE", {
      message: `The engine of the run ${record.run} (${record.name}) does not answer: it is at ${engine}.`,
      hint: `Start it; where it is gone for good, remove ${dir}.`,
      cause: error,
    });
  }
}

async function openEngine(kind: "podman" | "docker" | "auto", search: EngineSearch): Promise<Runtime> {
  const { findContainerRuntime } = await import("../runtime/container/find.ts");
  return findContainerRuntime(kind, search);
}

/** The engines of this machine that answer. */
export async function openEngines(): Promise<readonly Runtime[]> {
  const { findEngines } = await import("../runtime/container/find.ts");
  return findEngines();
}

export interface ChosenRuntime {
  readonly runtime: Runtime;
  /** Which and why; undefined: it was asked for. */
  readonly note: string | undefined;
}

/**
 * The runtime that was asked for. With "auto" a working engine that takes the stack and can have its images, else
 * processes. Throws RUNTIME_UNAVAILABLE, or RUNTIME_UNSUITABLE with everything that is refused.
 */
export async function chooseRuntime(
  stack: Stack,
  wanted: RuntimeKind | "auto",
  search: EngineSearch = {},
): Promise<ChosenRuntime> {
  if (wanted === "auto") return chooseAny(stack, search);
  const runtime = await openRuntime(wanted, search);
  const refusals = await runtime.refusals(stack);
  if (refusals.length === 0) return { runtime, note: undefined };
  await runtime.close();
  throw unsuitable(`${wanted} cannot run this stack`, refusals);
}

async function chooseAny(stack: Stack, search: EngineSearch): Promise<ChosenRuntime> {
  const processes = await openRuntime("process");
  const refusals = await processes.refusals(stack);
  const engine = await tryEngine(stack, refusals.length === 0, search);
  if ("runtime" in engine) {
    await processes.close();
    const { runtime } = engine;
    return { runtime, note: `runtime: ${runtime.description}, which takes this stack` };
  }
  if (refusals.length === 0)
    return { runtime: processes, note: `runtime: processes of this machine (${engine.why})` };
  await processes.close();
  throw unsuitable(`no engine can be used (${engine.why}), and processes cannot run this stack`, refusals);
}

async function tryEngine(
  stack: Stack,
  otherwisePossible: boolean,
  search: EngineSearch,
): Promise<{ runtime: Runtime } | { why: string }> {
  if (!stack.units.some((unit) => unit.container !== undefined)) return { why: "the stack has no images" };
  let runtime: Runtime;
  try {
    runtime = await openEngine("auto", search);
  } catch (error) {
    search.signal?.throwIfAborted();
    // Every reason is told where processes will not do, or when an engine is asked for by name.
    const { message } = asRollcallError(error);
    return { why: otherwisePossible ? (message.split("\n")[0] ?? message).replace(/[.:]$/, "") : message };
  }
  const [refused] = await runtime.refusals(stack);
  // Where there is no other way, a missing image is an error like any other.
  const why = refused
    ? `${runtime.kind}: ${refused.unit}: ${refused.text}`
    : otherwisePossible
      ? await whyNoImages(runtime, stack)
      : undefined;
  if (why === undefined) return { runtime };
  await runtime.close();
  return { why };
}

/** The first image that is neither there nor to be had; a quick look, nothing is pulled or built. */
async function whyNoImages(runtime: Runtime, stack: Stack): Promise<string | undefined> {
  const { canProvide } = await import("../runtime/container/can-provide.ts");
  const provision = await canProvide(runtime, stack);
  return provision.ok ? undefined : `${runtime.kind}: ${provision.why}`;
}

function unsuitable(lead: string, refusals: readonly Refusal[]): RollcallError {
  const lines = refusals.map(({ unit, text, hint }) => `  ${unit}: ${text}${hint ? ` (${hint})` : ""}`);
  return new RollcallError("RUNTIME_UNSUITABLE", {
    message: `${lead}:\n${lines.join("\n")}`,
    service: refusals.length === 1 ? (refusals[0]?.unit ?? null) : null,
    ...(refusals.length === 1 && refusals[0]?.hint ? { hint: refusals[0].hint } : {}),
  });
}
