import { type JestGlobal, type JestProject, optionsOf } from "./jest-options.ts";
import { noteStack } from "./jest-stacks.ts";
import { startedByJest } from "./jest-started.ts";
import { type StartOptions, startForTests } from "./start-for-tests.ts";

/** A jest globalSetup. */
export type JestSetup = (globalConfig: JestGlobal, project: JestProject) => Promise<void>;

/** For a globalSetup file of one's own, with `rollcall/jest/teardown` as the globalTeardown. */
export function createSetup<Services extends string, Exports extends string>(
  options: StartOptions<Services, Exports> = {},
): JestSetup {
  return async ({ maxWorkers: prepared }, project) => {
    const { database, ...configured } = optionsOf(project);
    const databases = database === undefined ? [] : [database.service];
    const { values, down } = await startForTests(
      { databases: databases as Services[], prepared, ...(configured as object), ...options },
      { cwd: project.rootDir },
    );
    // What is named in the set-up's own file is that file's matter.
    const forget = options.stack === undefined ? noteStack(project, values.stack, process.env) : () => {};
    startedByJest().push({ down: () => down().finally(forget) });
  };
}

export default createSetup();
