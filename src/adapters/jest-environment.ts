import { createRequire } from "node:module";
import { join } from "node:path";
import { type JestProject, optionsOf } from "./jest-options.ts";
import { type TestDatabase, viewOf } from "./stack-in-tests.ts";
import { onlyValues } from "./stack-values.ts";

/** What rollcall needs of an environment of jest. */
export interface Environment {
  readonly global: object;
  setup(): Promise<void>;
  teardown(): Promise<void>;
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
    #database: TestDatabase | undefined;

    constructor(...[config, context]: ConstructorParameters<EnvironmentClass>) {
      super(config, context);
      this.#project = config.projectConfig;
    }

    override async setup(): Promise<void> {
      await super.setup();
      const { database } = optionsOf(this.#project);
      const view = viewOf(() => onlyValues(process.env));
      const inside = this.global as { rollcall?: typeof view; process: NodeJS.Process };
      inside.rollcall = view;
      if (database === undefined) return;
      this.#database = await view.service(database.service).database();
      inside.process.env[database.variable ?? "DATABASE_URL"] = this.#database.url;
    }

    override async teardown(): Promise<void> {
      await this.#database?.drop();
      await super.teardown();
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
