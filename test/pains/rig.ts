import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { RunEvent } from "../../src/journal/events.ts";
import { loadStack } from "../../src/load/load.ts";
import { up } from "../../src/run/start/up.ts";
import type { Run, UpOptions } from "../../src/run/types.ts";
import type { RawUnit } from "../../src/stack/raw.ts";
import type { Stack } from "../../src/stack/types.ts";
import { type Behaviour, chore as choreOn, unit } from "../faults/units.ts";

/** Services of the pains run as processes of this machine, unless a test says otherwise. */
export const here = { onProcesses: true } as const;

export const small = (behaviour: Behaviour = {}, more: Partial<RawUnit> = {}) => unit(here, behaviour, more);
export const chore = (behaviour: Behaviour, more: Partial<RawUnit> = {}) => choreOn(here, behaviour, more);

/** A folder for the file's stacks and its user's state, gone with it. */
export function useHome(): { readonly dir: string } {
  const home = { dir: "" };
  const before = process.env["XDG_STATE_HOME"];
  beforeAll(() => {
    home.dir = realpathSync(mkdtempSync(join(tmpdir(), "rollcall-pains-")));
    process.env["XDG_STATE_HOME"] = join(home.dir, "state");
  });
  afterAll(() => {
    if (before === undefined) delete process.env["XDG_STATE_HOME"];
    else process.env["XDG_STATE_HOME"] = before;
    rmSync(home.dir, { recursive: true, force: true });
  });
  return home;
}

let count = 0;

/** A stack in a folder of its own, read from its file. */
export async function stackIn(
  home: { readonly dir: string },
  services: Readonly<Record<string, RawUnit>>,
  more: object = {},
): Promise<Stack> {
  count += 1;
  const dir = mkdtempSync(join(home.dir, `s${count}-`));
  writeFileSync(join(dir, "rollcall.yaml"), JSON.stringify({ name: "pain", services, ...more }));
  return loadStack(dir, { cwd: dir });
}

export interface Tried {
  readonly run: Run | undefined;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly events: readonly RunEvent[];
}

/** A start that may fail, and what it told. */
export async function attempt(stack: Stack, options: UpOptions = {}): Promise<Tried> {
  const events: RunEvent[] = [];
  try {
    const run = await up(stack, { runtime: "process", onEvent: (event) => events.push(event), ...options });
    return { run, error: undefined, events };
  } catch (error) {
    return { run: undefined, error: error as NonNullable<Tried["error"]>, events };
  }
}
