import { postgresUrl, readPostgresUrl } from "../scope/postgres-url.ts";

/** Says once on stderr where the database of failed tests is, and for how long. A log may be public: no password. */
export function tellKept(tests: readonly string[], url: string): void {
  const shown = postgresUrl({ ...readPostgresUrl(url), password: "" });
  const named = tests.map((test) => JSON.stringify(test)).join(", ");
  process.stderr.write(
    `rollcall: ${named} failed. The database is kept until the stack goes down: ${shown} (password: the stack's).\n` +
      "rollcall: A stack that is up before the tests (`rollcall up`) stays up after them.\n",
  );
}
