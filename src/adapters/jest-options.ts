import type { StartOptions } from "./start-for-tests.ts";

/** A database of its own for every test file, or every test, whose URL takes the place of the stack's in the environment. */
export interface JestDatabase {
  /** The PostgreSQL service whose database is cloned. */
  readonly service: string;
  /** The variable that holds its URL. @default "DATABASE_URL" */
  readonly variable?: string;
  /**
   * "test": the variable is there while a test and its hooks run, and at no other time. Not for `test.concurrent`.
   *
   * @default "file"
   */
  readonly per?: "file" | "test";
  /**
   * The database of a test that has failed, or of a file in which one has, stays as it is until the stack goes down, and is named on stderr.
   *
   * @default false
   */
  readonly keepOnFailure?: boolean;
}

/** What `testEnvironmentOptions: { rollcall: { … } }` may hold. */
export interface JestOptions extends Omit<StartOptions, "stack" | "signal" | "onEvent"> {
  /** Path of the stack's file or folder, from jest's root. @default the nearest one */
  readonly stack?: string;
  readonly database?: JestDatabase;
}

/** What rollcall reads of jest's global configuration. */
export interface JestGlobal {
  readonly maxWorkers: number;
}

/** What rollcall reads of jest's project configuration. */
export interface JestProject {
  readonly rootDir: string;
  readonly testEnvironmentOptions: { readonly [name: string]: unknown };
}

export function optionsOf({ testEnvironmentOptions }: JestProject): JestOptions {
  return (testEnvironmentOptions["rollcall"] ?? {}) as JestOptions;
}
