import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { type FileDatabases, fileDatabases } from "./jest-databases.ts";
import type { JestEvent, JestState } from "./jest-failed.ts";
import { type JestProject, optionsOf } from "./jest-options.ts";
import { refuseOther, valuesFor } from "./jest-stacks.ts";
import { viewOf } from "./stack-in-tests.ts";

/** What rollcall needs of an environment of jest. */
export interface Environment {
  readonly global: object;
  setup(): Promise<void>;
  teardown(): Promise<void>;
  handleTestEvent?(event: JestEvent, state: JestState): unknown;
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
    #databases: FileDatabases | undefined;

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
      const { env } = inside.process;
      const url = view.service(database.service).url();
      this.#databases = await fileDatabases({ ...database, url, file: this.#file, env });
      await this.#databases.begin();
    }

    override async handleTestEvent(event: JestEvent, state: JestState): Promise<void> {
      await super.handleTestEvent?.(event, state);
      await this.#databases?.on(event, state);
    }

    override async teardown(): Promise<void> {
      try {
        await this.#databases?.end();
      } finally {
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
