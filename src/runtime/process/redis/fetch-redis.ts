import { randomUUID } from "node:crypto";
import { access, mkdir, readdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { openCacheDir } from "../cache-dir.ts";
import { baseEnvironment } from "../marks.ts";
import { runTool } from "../tool.ts";

interface Fetched {
  readonly program: string;
  readonly source: string;
  readonly libraryPath: string | undefined;
}

const packages = ["redis-server", "valkey-server"];

/**
 * Debian's package and the libraries that are missing, unpacked into the cache without root and without installing
 * anything. A text: why there is none.
 */
export async function fetchRedis(options: {
  readonly cacheDir: string;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}): Promise<Fetched | string> {
  const { cacheDir, signal, progress } = options;
  if (process.platform !== "linux") return "a package can be fetched on Debian and its kin only";
  const prefix = join(openCacheDir(cacheDir), `redis-${process.arch}`);
  const cached = await programIn(prefix);
  if (cached !== undefined) return cached;
  if (!(await Promise.all(["apt-get", "dpkg"].map(onPath))).every(Boolean)) {
    return "there is no apt-get to fetch a package with";
  }
  const draft = `${prefix}.${randomUUID()}`;
  try {
    progress("Fetching Redis from the distribution's packages");
    const failure = await fetchInto(draft, signal);
    if (failure !== undefined) return `no package could be fetched: ${failure}`;
    const root = join(draft, "root");
    if ((await programIn(root)) === undefined) return "the package that was fetched holds no server";
    // What lies there holds none; another process may have been first, and its result is as good.
    if ((await programIn(prefix)) === undefined)
      await rename(prefix, join(draft, "useless")).catch(() => undefined);
    await rename(root, prefix).catch(() => undefined);
    return (await programIn(prefix)) ?? `what was fetched could not be put into ${prefix}`;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** undefined: done. */
async function fetchInto(draft: string, signal: AbortSignal): Promise<string | undefined> {
  const state = join(draft, "state");
  const cache = join(draft, "cache");
  const root = join(draft, "root");
  const archives = join(cache, "archives");
  for (const folder of [join(state, "lists", "partial"), join(archives, "partial"), root]) {
    await mkdir(folder, { recursive: true });
  }
  const settings = [
    `Dir::State=${state}`,
    "Dir::State::status=/var/lib/dpkg/status",
    `Dir::Cache=${cache}`,
    "Debug::NoLocking=1",
    "APT::Sandbox::User=",
  ].flatMap((each) => ["-o", each]);
  const run = async (argv: readonly string[]): Promise<string | undefined> => {
    const env = { ...baseEnvironment(), ...proxies(), LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
    const { exitCode, output } = await runTool({ argv, cwd: draft, env, signal });
    const lines = output.trim().split("\n");
    return exitCode === 0 ? undefined : (lines.filter((line) => line.startsWith("E:"))[0] ?? lines.at(-1));
  };
  const updated = await run(["apt-get", ...settings, "update", "-qq"]);
  if (updated !== undefined) return updated;
  let failure: string | undefined;
  for (const name of packages) {
    failure = await run([
      "apt-get",
      ...settings,
      // What is installed, though not found on PATH, would not be fetched.
      ..."install -y --download-only --reinstall --no-install-recommends".split(" "),
      name,
    ]);
    if (failure === undefined) break;
  }
  if (failure !== undefined) return failure;
  for (const file of (await readdir(archives)).filter((each) => each.endsWith(".deb"))) {
    const unpacked = await run(["dpkg", "-x", join(archives, file), root]);
    if (unpacked !== undefined) return unpacked;
  }
  await completeLinks(join(root, "usr", "bin"));
  return undefined;
}

/** Debian's redis-server is a link to a program of redis-tools, which is not fetched where it is installed. */
async function completeLinks(binDir: string): Promise<void> {
  for (const name of packages) {
    const link = join(binDir, name);
    const target = await readlink(link).catch(() => undefined);
    if (target === undefined || (await exists(link))) continue;
    await rm(link);
    await symlink(join("/usr/bin", target), link);
  }
}

async function programIn(prefix: string): Promise<Fetched | undefined> {
  const libraries = join(prefix, "usr", "lib");
  for (const name of packages) {
    const program = join(prefix, "usr", "bin", name);
    if (!(await exists(program))) continue;
    const folders = (await readdir(libraries, { withFileTypes: true }).catch(() => []))
      .filter((entry) => entry.isDirectory() && entry.name.includes("-linux-"))
      .map((entry) => join(libraries, entry.name));
    return { program, source: "Debian's package", libraryPath: [...folders, libraries].join(":") };
  }
  return undefined;
}

function proxies(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && /^(https?|no|ftp)_proxy$/i.test(entry[0]),
  );
  return Object.fromEntries(entries);
}

async function onPath(name: string): Promise<boolean> {
  const folders = (process.env["PATH"] ?? "").split(":").filter((folder) => folder !== "");
  return (await Promise.all(folders.map((folder) => exists(join(folder, name))))).includes(true);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
