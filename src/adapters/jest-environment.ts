import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { type WorkerDatabases, workerDatabase } from "../scope/worker-database.ts";
import { failedIn, type JestState } from "./jest-failed.ts";
import { type JestProject, optionsOf } from "./jest-options.ts";
import { refuseOther, valuesFor } from "./jest-stacks.ts";
import { tellKept } from "./kept-database.ts";
import { viewOf } from "./stack-in-tests.ts";

/** What rollcall needs of an environment of jest. */
export interface Environment {
  readonly global: object;
  setup(): Promise<void>;
  teardown(): Promise<void>;
  handleTestEvent?(event: { readonly name: string }, state: JestState): unknown;
}

interface JestContext {
  readonly testPath: string;
}

export type EnvironmentClass = new (
  config: { readonly projectConfig: JestProject },
  context: never,
) => Environment;

/**
 * An environment that knows the stack: `rollcall` among a test file's globals, and with a database in the options a
 * clone of it whose URL is in the file's `process.env`. For jsdom: `withStack(JsdomEnvironment)`.
 */
export function withStack(Base: EnvironmentClass): EnvironmentClass {
  return class extends Base {
    readonly #project: JestProject;
    readonly #file: string;
    #failed: readonly string[] = [];
    #databases: WorkerDatabases | undefined;

    constructor(...[config, context]: ConstructorParameters<EnvironmentClass>) {
      super(config, context);
      this.#project = config.projectConfig;
      this.#file = relative(config.projectConfig.rootDir, (context as JestContext).testPath);
    }

    override async setup(): Promise<void> {
      await super.setup();
      const { database } = optionsOf(this.#project);
      refuseOther(this.#project, process.env);
      const view = viewOf(() => valuesFor(this.#project, process.env));
      const inside = this.global as { rollcall?: typeof view; process: NodeJS.Process };
      inside.rollcall = view;
      if (database === undefined) return;
      const { service, variable = "DATABASE_URL", keepOnFailure = false } = database;
      this.#databases = await workerDatabase(view.service(service).url(), {
        keepOnFailure,
        onKept: ({ url }) => tellKept(this.#failed, url),
      });
      inside.process.env[variable] = (await this.#databases.begin()).url;
    }

    override async handleTestEvent(event: { readonly name: string }, state: JestState): Promise<void> {
      await super.handleTestEvent?.(event, state);
      if (event.name === "run_finish") this.#failed = failedIn(this.#file, state);
    }

    override async teardown(): Promise<void> {
      try {
        await this.#databases?.end({ failed: this.#failed.length > 0 });
      } finally {
        await this.#databases?.[Symbol.asyncDispose]();
        await super.teardown();
      }
    }
  };
}

/** The one that jest itself brings along, wherever the package manager has put it. */
function nodeEnvironment(): EnvironmentClass {
  let from = createRequire(join(process.cwd(), "package.json"));
  for (const step of ["jest", "@jest/core", "jest-config"]) {
    try {
      return from("jest-environment-node").TestEnvironment;
    } catch {
      from = createRequire(from.resolve(step));
    }
  }
  return from("jest-environment-node").TestEnvironment;
}

export default withStack(nodeEnvironment());
