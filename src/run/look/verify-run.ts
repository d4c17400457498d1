import { RollcallError } from "../../errors/rollcall-error.ts";
import type { RunEvent } from "../../journal/events.ts";
import { invalid, readJournal } from "../../journal/read.ts";
import { type Violation, verifyJournal } from "../../journal/verify.ts";
import type { Stack } from "../../stack/types.ts";
import { type FoundRun, findNewestRun, findRunById, listRuns } from "../state/find.ts";
import { journalFileOf } from "../state/folders.ts";

/** What the journal of a run proves. */
export interface Verified {
  readonly stack: string;
  readonly run: string;
  readonly name: string;
  /** Services and tasks of the plan. */
  readonly services: number;
  /** Gates that opened. */
  readonly gates: number;
  readonly events: number;
  /** None: every promise was kept. */
  readonly violations: readonly Violation[];
}

export interface VerifyOptions {
  /** @default the stack's name */
  readonly name?: string;
  /** Id of one of the stack's runs. @default the newest of this name */
  readonly run?: string;
}

/**
 * Proof of order for a run of this stack, also one that is over: its journal is kept. undefined: there is no run of
 * this name. Throws STATE_INVALID when the journal is damaged, USAGE when the stack has no run of this id.
 */
export async function verifyRun(
  stack: Pick<Stack, "dir" | "name">,
  { name = stack.name, run }: VerifyOptions = {},
): Promise<Verified | undefined> {
  const found = run === undefined ? await findNewestRun(stack, name) : await knownRun(stack, run);
  if (found === undefined) return undefined;
  const file = journalFileOf(found.dir);
  const events = await readJournal(file);
  if (events.length === 0) throw invalid(file, "it is empty");
  return {
    stack: found.record.stack,
    run: found.record.run,
    name: found.record.name,
    services: plannedUnits(events),
    gates: events.filter(({ type }) => type === "gate.opened").length,
    events: events.length,
    violations: verifyJournal(events),
  };
}

async function knownRun(stack: Pick<Stack, "dir">, id: string): Promise<FoundRun> {
  const found = await findRunById(stack, id);
  if (found !== undefined) return found;
  const known = (await listRuns(stack)).map(({ run }) => run);
  throw new RollcallError("USAGE", {
    message: `This stack has no run ${id}.`,
    hint: known.length === 0 ? "It has none at all." : `It has: ${known.join(", ")}.`,
  });
}

function plannedUnits(events: readonly RunEvent[]): number {
  const begun = events.find((event) => event.type === "run.started");
  return begun?.steps.length ?? 0;
}
