import type { Database } from "../scope/database.ts";
import { type WorkerDatabases, workerDatabase } from "../scope/worker-database.ts";
import { failedIn, type JestEvent, type JestState, titleOf } from "./jest-failed.ts";
import type { JestDatabase } from "./jest-options.ts";
import { tellKept } from "./kept-database.ts";

/** The databases of a test file: one for all its tests or one for each, whose URL is in a variable of the file's. */
export interface FileDatabases {
  begin(): Promise<void>;
  on(event: JestEvent, state: JestState): Promise<void>;
  end(): Promise<void>;
}

export interface FileDatabasesOrder extends JestDatabase {
  /** URL of the database that is cloned. */
  readonly url: string;
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
}

export async function fileDatabases(order: FileDatabasesOrder): Promise<FileDatabases> {
  const { url, per, keepOnFailure = false } = order;
  let failed: readonly string[] = [];
  const databases = await workerDatabase(url, {
    per: per === "test" ? "test" : "worker",
    keepOnFailure,
    onKept: (kept) => tellKept(failed, kept.url),
  });
  const onFailed = (titles: readonly string[]) => {
    failed = titles;
  };
  return per === "test" ? ofTests(databases, order, onFailed) : ofFile(databases, order, onFailed);
}

type OnFailed = (titles: readonly string[]) => void;

function ofFile(databases: WorkerDatabases, order: FileDatabasesOrder, onFailed: OnFailed): FileDatabases {
  const { file, env, variable = "DATABASE_URL" } = order;
  let failed = false;
  return {
    begin: async () => {
      env[variable] = (await databases.begin()).url;
    },
    on: async ({ name }, state) => {
      if (name !== "run_finish") return;
      const titles = failedIn(file, state);
      failed = titles.length > 0;
      onFailed(titles);
    },
    end: async () => {
      try {
        await databases.end({ failed });
      } finally {
        await databases[Symbol.asyncDispose]();
      }
    },
  };
}

function ofTests(databases: WorkerDatabases, order: FileDatabasesOrder, onFailed: OnFailed): FileDatabases {
  const { file, env, variable = "DATABASE_URL" } = order;
  const lent = new Map<unknown, Database>();
  // Outside of tests there is none: the stack's own, which is in the environment, would be written to unnoticed.
  const forget = () => {
    delete env[variable];
  };
  return {
    begin: async () => forget(),
    on: async ({ name, test }) => {
      if (test === undefined) return;
      if (name === "test_started") {
        const database = await databases.begin();
        lent.set(test, database);
        env[variable] = database.url;
      }
      const database = lent.get(test);
      if (name === "test_done" && database !== undefined) {
        forget();
        lent.delete(test);
        onFailed([titleOf(file, test)]);
        await databases.end({ failed: test.errors.length > 0, database });
      }
    },
    end: async () => databases[Symbol.asyncDispose](),
  };
}
