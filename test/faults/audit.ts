import { existsSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import { listProcesses, readCommand, readEnviron } from "../../src/util/process-table.ts";
import { engineOf, objectsOf } from "./engine.ts";
import { rollcall, type Stage } from "./stage.ts";

/** What one shown text may never hold. */
export const secret = "s3cr3t-of-the-fault-suite";

/** After the fault nothing of its runs is there any more, and their journals hold. */
export async function expectNothingLeft(stage: Stage): Promise<void> {
  const runs = await rollcall.listRuns({ dir: stage.dir }).catch(() => []);
  const ids = new Set([...runs.map(({ run }) => run), ...(stage.runId === "" ? [] : [stage.runId])]);
  for (const id of ids) {
    await expectNone(() => leftoversOf(stage, id));
    expectSoundJournal(stage, id);
  }
  await expectNone(async () => processesIn(stage.dir));
}

/** Guards and engines take a moment to let go. */
async function expectNone(look: () => Promise<readonly string[]>): Promise<void> {
  const until = performance.now() + 30_000;
  let left = await look();
  while (left.length > 0 && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    left = await look();
  }
  expect(left).toEqual([]);
}

async function leftoversOf(stage: Stage, id: string): Promise<readonly string[]> {
  const processes = listProcesses()
    .filter(({ pid }) => readEnviron(pid)?.["ROLLCALL_RUN"] === id)
    .map(({ pid }) => `process ${pid} ${readCommand(pid)}`);
  const temp = rollcall.tempDirOf(id);
  const objects = stage.onProcesses ? [] : await objectsOf(engineOf(stage.kind), id);
  return [...processes, ...objects, ...(existsSync(temp) ? [temp] : [])];
}

/** Guards, and whatever else has the stage's folder on its command line. */
function processesIn(dir: string): readonly string[] {
  return listProcesses().flatMap(({ pid }) => {
    const command = readCommand(pid);
    return command?.includes(`${dir}/`) ? [`process ${pid} ${command}`] : [];
  });
}

function expectSoundJournal(stage: Stage, id: string): void {
  const file = `${stage.dir}/.rollcall/runs/${id}/journal.ndjson`;
  if (!existsSync(file)) return;
  const text = readFileSync(file, "utf8");
  expect(text.includes(secret), "a secret is in the journal").toBe(false);
  expect(text.includes("\u001b"), "an escape character is in the journal").toBe(false);
  if (!stage.tampered) expect(rollcall.verifyJournal(readEvents(text))).toEqual([]);
}

function readEvents(text: string) {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
