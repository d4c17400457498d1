import { RollcallError } from "../errors/rollcall-error.ts";
import type { RunEvent } from "../journal/events.ts";
import { formatDuration } from "../report/format.ts";
import { createReporter, type ProgressMode } from "../report/reporter.ts";
import { publishValues, readValues, type StackValues, valuesOf } from "../run/control/stack-values.ts";
import { up } from "../run/start/up.ts";
import type { Run, UpOptions } from "../run/types.ts";
import type { RuntimeKind } from "../runtime/types.ts";
import { type PreparedDatabases, prepareDatabases, validatePrepared } from "./prepared-databases.ts";
import { resolveSource, type StackSource } from "./stack-source.ts";
import { StartError } from "./start-error.ts";

const runtimes = ["auto", "process", "podman", "docker"] as const;

type Passed = "order" | "ports" | "timeoutMs" | "name" | "keepOnFailure" | "onEvent" | "signal";

export interface StartOptions<Services extends string = string, Exports extends string = string>
  extends Pick<UpOptions, Passed> {
  /** @default the nearest stack file, from the runner's root upwards */
  readonly stack?: StackSource<Services, Exports>;
  /** @default the variable ROLLCALL_RUNTIME, else "auto" */
  readonly runtime?: RuntimeKind | "auto";
  /** Only these services and what they need. @default all */
  readonly services?: readonly NoInfer<Services>[];
  /** PostgreSQL services whose databases are cloned for workers: their templates are made before the first test. */
  readonly databases?: readonly NoInfer<Services>[];
  /**
   * So many clones of each of these databases are kept prepared in the background while the tests run.
   *
   * @default the number of workers where the runner's set-up knows it, else the machine's available parallelism
   */
  readonly prepared?: number;
  /** How the start is told on stderr. @default groups in GitHub Actions, else one line when it is up */
  readonly progress?: ProgressMode;
}

/** A stack that is up for a test runner. */
export interface Started<Services extends string = string, Exports extends string = string> {
  readonly run: Run<Services, Exports>;
  readonly values: StackValues<Services, Exports>;
  /** Ends this use of the run, and takes its values out of the environment. Idempotent. */
  down(): Promise<void>;
}

/**
 * Brings a stack up, or attaches to it, and puts its exports into this process's environment, which workers inherit.
 * Throws StartError.
 */
export async function startForTests<Services extends string, Exports extends string>(
  options: StartOptions<Services, Exports>,
  { cwd }: { readonly cwd: string },
): Promise<Started<Services, Exports>> {
  const { stack: source, runtime, databases = [], prepared, progress, onEvent, ...rest } = options;
  const teller = createTeller(progress);
  let run: Run<Services, Exports> | undefined;
  let clones: PreparedDatabases | undefined;
  try {
    validatePrepared(prepared);
    const stack = await resolveSource(source, cwd);
    const around = readValues(stack.name, process.env);
    const started = (await up(stack, {
      // Inside `rollcall run --name` that run is meant.
      ...(around !== undefined && { name: around.name }),
      ...rest,
      runtime: runtime ?? runtimeFromEnvironment(),
      onEvent: (event) => {
        teller.on(event);
        onEvent?.(event);
      },
    })) as Run<string, string> as Run<Services, Exports>;
    run = started;
    const urls = databases.map((service) => started.service(service).url());
    clones = await prepareDatabases({ urls, prepared });
    if (clones.madeTemplate && run.attached && around === undefined) tellLateTemplate(run);
    const values = await valuesOf(run);
    teller.ready(run);
    tellLoss(run);
    return { run, values, down: downOf({ run, clones, unpublish: publishValues(values, process.env) }) };
  } catch (error) {
    await clones?.close();
    await run?.down().catch(() => {});
    throw new StartError(error);
  } finally {
    teller.end();
  }
}

interface InUse {
  readonly run: Run;
  readonly clones: PreparedDatabases;
  readonly unpublish: () => void;
}

function downOf({ run, clones, unpublish }: InUse): () => Promise<void> {
  return async () => {
    unpublish();
    await clones.close();
    await run.down().catch((error) => {
      throw new StartError(error);
    });
  };
}

function runtimeFromEnvironment(): RuntimeKind | "auto" {
  const named = process.env["ROLLCALL_RUNTIME"] ?? "";
  if (named === "") return "auto";
  const runtime = runtimes.find((each) => each === named);
  if (runtime !== undefined) return runtime;
  throw new RollcallError("USAGE", {
    message: `ROLLCALL_RUNTIME: expected ${runtimes.join(", ")}, got "${named}".`,
    hint: "Correct the variable, or leave it out.",
  });
}

/** The tests that fail from now on do so because of it: it is said once. */
function tellLoss(run: Run): void {
  run.failed.catch((error) => process.stderr.write(`\n${new StartError(error).message}\n`));
}

/** Whoever has been at work since the stack came up has left what he wrote in every clone. */
function tellLateTemplate({ name }: Run): void {
  process.stderr.write(
    `rollcall: ${name} was up already: databases of tests are copies of its database as it is now, not as it came up; \`rollcall down\` and \`rollcall up\`, with the tests right after, give fresh ones.\n`,
  );
}

function createTeller(progress: ProgressMode | undefined) {
  const mode = progress ?? (process.env["GITHUB_ACTIONS"] === "true" ? "auto" : "quiet");
  const reporter = createReporter(mode, process.stderr, process.env);
  const since = performance.now();
  return {
    // The runner shows why a start failed; only GitHub's annotation is something else.
    on: (event: RunEvent) => {
      if (event.type !== "run.failed" || process.env["GITHUB_ACTIONS"] === "true") reporter.on(event);
    },
    ready: (run: Run) => {
      if (progress !== undefined || mode !== "quiet") return;
      const how = run.attached ? "was up already" : `is up in ${formatDuration(performance.now() - since)}`;
      process.stderr.write(`rollcall: ${run.name} ${how} (${run.runtime})\n`);
    },
    end: () => reporter.end(),
  };
}
