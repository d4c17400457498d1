import { fileURLToPath } from "node:url";
import type { UpOptions } from "../run/types.ts";
import type { RuntimeKind } from "../runtime/types.ts";
import type { StackDefinition } from "../stack/define.ts";
import { ReadySign } from "./playwright-sign.ts";
import { nameOf } from "./stack-source.ts";

export type { DatabaseContext, FixtureOptions, StackContext } from "./fixtures.ts";
export { stackFixtures } from "./playwright-fixtures.ts";
export { type ServiceInTests, type StackInTests, stackInTests, type TestDatabase } from "./stack-in-tests.ts";

export interface WithStackOptions<Services extends string = string, Exports extends string = string>
  extends Pick<UpOptions, "order" | "ports" | "timeoutMs" | "name" | "keepOnFailure"> {
  readonly stack: StackDefinition<Services, Exports>;
  /** Where it is defined, from the configuration's folder. @default the nearest stack file, if it holds this stack */
  readonly file?: string;
  /** @default the variable ROLLCALL_RUNTIME, else "auto" */
  readonly runtime?: RuntimeKind | "auto";
  /** PostgreSQL services whose databases are cloned for workers: their templates are made before the first test. */
  readonly databases?: readonly NoInfer<Services>[];
  /**
   * So many clones of each of these databases are kept prepared in the background while the tests run.
   *
   * @default the configuration's `workers`, where that is a number, else the machine's available parallelism
   */
  readonly prepared?: number;
}

/** What rollcall adds to `webServer`; Playwright starts these one after the other. */
export interface StackServer {
  readonly name: string;
  readonly command: string;
  readonly env: Record<string, string>;
  readonly timeout: number;
  readonly wait: { readonly stdout: RegExp };
  readonly gracefulShutdown: { readonly signal: "SIGTERM"; readonly timeout: number };
}

/** The start's own deadline is the one that counts: it names what it waited for. */
const serverTimeoutMs = 60 * 60_000;
const downTimeoutMs = 60_000;

/**
 * A configuration whose stack is up before its web servers start: they, and the tests, have its exports in their
 * environment. Down when Playwright ends, however it ends.
 */
export function withStack<
  Config extends { readonly webServer?: unknown; readonly workers?: unknown },
  Services extends string,
  Exports extends string,
>(config: Config, options: WithStackOptions<Services, Exports>): Config & { webServer: StackServer[] } {
  const { stack, file, ...given } = options;
  const start = { ...(typeof config.workers === "number" && { prepared: config.workers }), ...given };
  const theirs = config.webServer === undefined ? [] : [config.webServer].flat();
  const server: StackServer = {
    name: "rollcall",
    command: `${quoted(process.execPath)} ${quoted(fileURLToPath(new URL("./playwright-server.js", import.meta.url)))}`,
    env: { ROLLCALL_PLAYWRIGHT: JSON.stringify({ raw: stack.raw, file, start }) },
    timeout: serverTimeoutMs,
    wait: { stdout: new ReadySign(nameOf(stack)) },
    gracefulShutdown: { signal: "SIGTERM", timeout: downTimeoutMs },
  };
  return { ...config, webServer: [server, ...(theirs as StackServer[])] };
}

/** Playwright hands its commands to a shell. */
function quoted(word: string): string {
  return process.platform === "win32" ? `"${word}"` : `'${word.replaceAll("'", "'\\''")}'`;
}
