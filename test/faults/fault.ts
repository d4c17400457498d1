import { expect } from "vitest";
import type { ErrorReport } from "../../src/errors/report.ts";
import type { ErrorCode } from "../../src/errors/table.ts";
import type { Run, UpOptions } from "../../src/run/types.ts";
import type { RuntimeKind } from "../../src/runtime/types.ts";
import { secret } from "./audit.ts";
import { rollcall, type Stage, type Units } from "./stage.ts";

export const everywhere: readonly RuntimeKind[] = ["process", "podman", "docker"];
export const processes: readonly RuntimeKind[] = ["process"];
export const engines: readonly RuntimeKind[] = ["podman", "docker"];

/** A named way in which a start, a stack that is up, or its end is disturbed. */
export interface Fault {
  readonly name: string;
  readonly on: readonly RuntimeKind[];
  /** On engines also in the shortened form of the suite. */
  readonly short?: true;
  /** Throws when something else comes of it than must. */
  play(stage: Stage): Promise<void>;
}

export interface Expected {
  readonly code: ErrorCode;
  readonly service?: string | null;
  /** Each must be in the message, the hint, what was observed, or the log's last lines. */
  readonly says?: readonly (string | RegExp)[];
  readonly report?: Partial<ErrorReport>;
  /** When the fault becomes visible; by default when the failed unit says so. */
  readonly visibleAt?: (stage: Stage) => number | undefined;
}

export interface Scene {
  readonly units: Units;
  readonly stack?: object;
  readonly options?: UpOptions;
  /** What is done meanwhile; it ends when the start has. */
  readonly meanwhile?: (stage: Stage) => Promise<unknown>;
  readonly expected: Expected;
}

type Set = (stage: Stage) => Scene | Promise<Scene>;

/** The start fails, and the error says why. */
export function fails(
  name: string,
  on: readonly RuntimeKind[],
  set: Set,
  more: Pick<Fault, "short"> = {},
): Fault {
  return {
    name,
    on,
    ...more,
    async play(stage) {
      const { units, stack, options, meanwhile, expected } = await set(stage);
      const deed = meanwhile?.(stage);
      const starting = stage.define(units, stack).then((defined) => stage.up(defined, options));
      const thrown = await reasonOf(starting);
      const failed = stage.event("run.failed");
      stage.toldAt = failed === undefined ? Date.now() : Date.parse(failed.time);
      expectReport(thrown, expected);
      await deed;
      stage.visibleAt =
        expected.visibleAt?.(stage) ?? stage.markOf(String(expected.service)) ?? stage.visibleAt;
    },
  };
}

/** The stack gets up all the same, and no sooner than it may; then it is taken down. */
export function holds(
  name: string,
  on: readonly RuntimeKind[],
  set: (stage: Stage) => Promise<{
    readonly units: Units;
    readonly stack?: object;
    readonly options?: UpOptions;
    readonly meanwhile?: (stage: Stage) => Promise<unknown>;
    /** What is done while it is up. */
    readonly whileUp?: (run: Run, stage: Stage) => Promise<void>;
  }>,
  more: Pick<Fault, "short"> = {},
): Fault {
  return {
    name,
    on,
    ...more,
    async play(stage) {
      const { units, stack, options, meanwhile, whileUp } = await set(stage);
      const deed = meanwhile?.(stage);
      const run = await stage.up(await stage.define(units, stack), options);
      await deed;
      try {
        await whileUp?.(run, stage);
      } finally {
        await run.down();
      }
    },
  };
}

export async function reasonOf(promise: Promise<unknown>): Promise<{ readonly report: ErrorReport }> {
  const outcome = await promise.then(
    (run) => ({ run }),
    (error: unknown) => ({ error }),
  );
  if ("error" in outcome && outcome.error instanceof rollcall.RollcallError) return outcome.error;
  if ("error" in outcome) throw outcome.error;
  await (outcome.run as Run | undefined)?.down?.();
  throw new Error("it got up, although it must not");
}

export function expectReport({ report }: { readonly report: ErrorReport }, expected: Expected): void {
  const whole = textOf(report);
  expect(report.code, whole).toBe(expected.code);
  if (expected.service !== undefined) expect(report.service, whole).toBe(expected.service);
  for (const text of expected.says ?? []) expect(whole).toMatch(text);
  if (expected.report !== undefined) expect(report).toMatchObject(expected.report);
  expect(whole.includes(secret), "a secret is in the report").toBe(false);
  expect(
    /[\u001b\0\u0001]/.test(whole),
    `control characters are in the report: ${JSON.stringify(whole)}`,
  ).toBe(false);
  expect(report.hint).not.toBe("");
}

function textOf({ message, hint, observed, logTail }: ErrorReport): string {
  return [message, hint, observed ?? "", ...logTail].join("\n");
}

/** Its budget's end. */
export function budgetEnd(service: string, budgetMs: number): (stage: Stage) => number | undefined {
  return (stage) => {
    const requested = stage.event("start.requested", service);
    return requested === undefined ? undefined : Date.parse(requested.time) + budgetMs;
  };
}
