import { basename, dirname, isAbsolute, normalize } from "node:path";
import { z } from "zod";
import { levels } from "../../stack/types.ts";
import type { Json } from "../../util/json.ts";
import { labelPattern } from "../../util/label.ts";
import type { RunRecord } from "../types.ts";
import { recordFileOf, tempDirOf } from "./folders.ts";
import { readPrivateFile, replacePrivateFile, stateInvalid } from "./private-files.ts";

const label = z.string().regex(labelPattern);
const port = z.int().min(1).max(65535);
const ms = z.number().nonnegative().nullable();
const unitState = z.enum(["waiting", "starting", "ready", "completed", "exited", "failed", "stopped"]);
const json: z.ZodType<Json> = z.lazy(() => z.json()) as z.ZodType<Json>;

const owner = z.strictObject({
  host: z.string(),
  bootId: z.string(),
  pid: z.int().positive(),
  startTime: z.string(),
});

const incarnation = z.object({
  id: z.string(),
  pid: z.int().positive().optional(),
  startTime: z.string(),
});

const unit = z.strictObject({
  name: label,
  kind: z.enum(["service", "task"]),
  state: unitState,
  ports: z.array(z.strictObject({ name: label, container: port, host: port })),
  urls: z.record(z.string(), z.string()),
  instance: z
    .object({ unit: label, incarnation, logFrom: z.int().nonnegative().optional(), detail: json })
    .nullable(),
  level: z.enum([...levels, "completed"]).nullable(),
  observed: z.string().nullable(),
  startMs: ms,
  readyMs: ms,
  log: z.string(),
  stop: z.strictObject({ signal: z.string().regex(/^SIG[A-Z0-9]+$/), graceMs: z.number().nonnegative() }),
  after: z.array(label),
  mayComplete: z.boolean().optional(),
  ending: incarnation.optional(),
});

const record = z.strictObject({
  version: z.literal(1),
  run: label,
  stack: label,
  name: label,
  definition: z.string(),
  runtime: z.enum(["process", "podman", "docker"]),
  engine: z.string().optional(),
  order: z.enum(["sequential", "dependency"]),
  ports: z.enum(["fixed", "free"]),
  state: z.enum(["starting", "ready", "stopping", "failed", "stopped"]),
  stay: z.boolean(),
  owner,
  users: z.array(z.strictObject({ id: z.string(), owner })),
  stackDir: z.string(),
  startedAt: z.iso.datetime(),
  readyMs: ms,
  tempDir: z.string(),
  units: z.array(unit),
  env: z.record(z.string(), z.string()),
});

/**
 * The record in a run's folder; undefined: there is none.
 * @throws STATE_INVALID naming the file: cut off, edited, a symlink, or somebody else's.
 */
export async function readRecord(runDir: string): Promise<RunRecord | undefined> {
  const file = recordFileOf(runDir);
  const text = await readPrivateFile(file);
  return text === undefined ? undefined : parseRecord(text, file);
}

export function parseRecord(text: string, file: string): RunRecord {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw stateInvalid(file, "it is not whole JSON (cut off?)");
  }
  const parsed = record.safeParse(data);
  if (parsed.success) return fitting(parsed.data as RunRecord, file);
  const [first] = parsed.error.issues;
  throw stateInvalid(file, `${first?.path.join(".") || "the record"}: ${first?.message}`);
}

/** What would be removed or ended must be named as only this run's would be. */
function fitting(found: RunRecord, file: string): RunRecord {
  if (basename(dirname(file)) !== found.run) throw stateInvalid(file, `it is the record of run ${found.run}`);
  if (!isAbsolute(found.tempDir) || basename(found.tempDir) !== basename(tempDirOf(found.run)))
    throw stateInvalid(file, `tempDir ${found.tempDir} is not this run's`);
  if (normalize(found.tempDir) !== found.tempDir) throw stateInvalid(file, "tempDir is not a plain path");
  return found;
}

export async function writeRecord(runDir: string, next: RunRecord): Promise<void> {
  await replacePrivateFile(recordFileOf(runDir), `${JSON.stringify(next, null, 2)}\n`);
}
