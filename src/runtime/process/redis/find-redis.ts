import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { RollcallError } from "../../../errors/rollcall-error.ts";
import { baseEnvironment } from "../marks.ts";
import { runTool } from "../tool.ts";
import { fetchRedis } from "./fetch-redis.ts";

/** A Redis, or what speaks its language, that can be run on this machine. */
export interface RedisProgram {
  readonly program: string;
  readonly version: string;
  readonly source: string;
  /** Where its libraries lie, if not where the system looks. */
  readonly libraryPath: string | undefined;
}

type Found = Omit<RedisProgram, "version">;

const names = ["redis-server", "valkey-server"];

/** Configured folder, PATH, the distribution's package. Throws BINARY_MISSING with the reason of every one. */
export async function findRedis(options: {
  readonly configuredDir: string | undefined;
  readonly cacheDir: string;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}): Promise<RedisProgram> {
  const { configuredDir, signal } = options;
  const reasons: string[] = [];
  const strategies: readonly (() => Promise<Found | string>)[] =
    configuredDir === undefined
      ? [fromPath, () => fetchRedis(options)]
      : [() => fromFolders([configuredDir, join(configuredDir, "bin")], "the configured folder")];
  for (const strategy of strategies) {
    const found = await strategy();
    const tried = typeof found === "string" ? found : await tryProgram(found, signal);
    if (typeof tried !== "string") return tried;
    reasons.push(tried);
  }
  throw new RollcallError("BINARY_MISSING", {
    message: `Redis was not found: ${reasons.join("; ")}.`,
    hint: "Install redis-server or valkey-server, or point ROLLCALL_REDIS_DIR to the folder that holds it.",
  });
}

async function tryProgram(found: Found, signal: AbortSignal): Promise<RedisProgram | string> {
  try {
    const { exitCode, output } = await runTool({
      argv: [found.program, "--version"],
      cwd: "/",
      env: redisEnvironment(found),
      signal,
    });
    const version = /v=(\d+(?:\.\d+)*)/.exec(output)?.[1];
    if (exitCode === 0 && version !== undefined) return { ...found, version };
    return `${found.source}: ${found.program} --version ended with ${exitCode}: ${output.trim()}`;
  } catch (error) {
    signal.throwIfAborted();
    return `${found.source}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

export function redisEnvironment({ libraryPath }: Pick<Found, "libraryPath">): Record<string, string> {
  const base = baseEnvironment();
  return libraryPath === undefined ? base : { ...base, LD_LIBRARY_PATH: libraryPath };
}

async function fromPath(): Promise<Found | string> {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return fromFolders(folders, "PATH");
}

async function fromFolders(folders: readonly string[], source: string): Promise<Found | string> {
  for (const name of names) {
    for (const folder of folders) {
      const program = join(folder, name);
      if (await isExecutable(program)) return { program, source, libraryPath: undefined };
    }
  }
  return `${source} has neither ${names.join(" nor ")}`;
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
