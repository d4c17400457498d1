import { availableParallelism, loadavg } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RuntimeKind } from "../../src/runtime/types.ts";
import { testEngines } from "../engines/engines.ts";
import { expectNothingLeft } from "./audit.ts";
import { everywhere, type Fault } from "./fault.ts";
import { Stage } from "./stage.ts";
import { setUpWitnesses, type Witnesses } from "./witnesses.ts";

/** A report may come so late, in milliseconds; on a machine with more work than processors so many times more. */
const limitMs = 3000;
const aimMs = 1000;

const full = process.env["FULL"] === "1";

/** Registers every fault on every runtime that it applies to; at the end it tells how late the reports came. */
export function playAll(title: string, faults: readonly Fault[]): void {
  for (const kind of everywhere) {
    const played = faults.filter(
      (fault) => fault.on.includes(kind) && (kind === "process" || full || fault.short),
    );
    if (played.length > 0) describe(`${title}, on ${kind}`, () => playOn(kind, played));
  }
}

function playOn(kind: RuntimeKind, faults: readonly Fault[]): void {
  const engine = testEngines.find((each) => each.kind === kind);
  if (engine !== undefined && engine.address === undefined) {
    const why = `no ${kind}: run scripts/engines/start.sh and images.sh`;
    test.skipIf(process.env["CI"] !== "true")(`${faults.length} faults (${why})`, () => expect.fail(why));
    return;
  }
  const late: { readonly name: string; readonly ms: number }[] = [];
  let witnesses: Witnesses | undefined;
  beforeAll(async () => {
    // Rollcall itself finds the engines there.
    if (engine?.address !== undefined)
      process.env[kind === "podman" ? "CONTAINER_HOST" : "DOCKER_HOST"] = engine.address;
    witnesses = await setUpWitnesses(kind);
  });
  afterAll(async () => {
    await witnesses?.remove();
    tell(kind, late);
  });
  test.concurrent.each(faults.map((fault) => [fault.name, fault] as const))("%s", async (name, fault) => {
    const stage = new Stage(kind);
    try {
      await fault.play(stage);
      await expectNothingLeft(stage);
      await witnesses?.expectUntouched();
    } finally {
      await stage.clear();
    }
    if (stage.visibleAt === undefined || stage.toldAt === undefined) return;
    const ms = stage.toldAt - stage.visibleAt;
    late.push({ name, ms });
    expect(ms, "milliseconds from the fault to its report").toBeLessThan(limitMs * patience());
  });
}

function patience(): number {
  return 1 + (loadavg()[0] ?? 0) / availableParallelism();
}

function tell(kind: RuntimeKind, late: readonly { readonly name: string; readonly ms: number }[]): void {
  const sorted = late.toSorted((a, b) => a.ms - b.ms);
  const median = sorted[Math.floor(sorted.length / 2)];
  const over = sorted.filter(({ ms }) => ms > aimMs);
  const lines = [
    `time to report on ${kind}: ${sorted.length} measured, median ${median?.ms ?? "-"} ms, longest ${sorted.at(-1)?.ms ?? "-"} ms; ${over.length} of ${sorted.length} later than ${aimMs} ms`,
    ...over.map(({ name, ms }) => `  ${ms} ms: ${name}`),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
