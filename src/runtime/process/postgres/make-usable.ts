import { createHash, randomUUID } from "node:crypto";
import { chmod, cp, lstat, mkdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { SystemUser } from "../../../util/users.ts";

interface Link {
  /** Path of the link in the package. */
  readonly target: string;
  /** What it points to. */
  readonly source: string;
}

/**
 * A bundle of PostgreSQL (bin, lib, share) that the server's user can run: the folder itself where possible, else a
 * copy in the cache. Packages can't carry symbolic links, and the script that makes them may not have been run.
 */
export async function makeUsable(
  bundle: string,
  { cacheDir, user }: { readonly cacheDir: string; readonly user: SystemUser | undefined },
): Promise<string> {
  await stat(join(bundle, "bin", "postgres"));
  const readable = user === undefined || (await mayPass(join(bundle, "bin", "postgres"), user));
  if (readable && (await completeInPlace(bundle))) return bundle;
  const copy = join(cacheDir, await cacheName(bundle));
  if (await exists(copy)) return copy;
  const draft = `${copy}.${randomUUID()}`;
  await mkdir(cacheDir, { recursive: true, mode: 0o755 });
  try {
    await cp(bundle, draft, { recursive: true, verbatimSymlinks: true });
    await chmod(draft, 0o755);
    await complete(draft);
    await rename(draft, copy);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process was first.
    if (!(await exists(copy))) throw error;
  }
  return copy;
}

async function completeInPlace(bundle: string): Promise<boolean> {
  try {
    await complete(bundle);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EACCES" || code === "EPERM" || code === "EROFS") return false;
    throw error;
  }
}

/** Makes what is missing of links and permissions; two processes at once do no harm. */
async function complete(bundle: string): Promise<void> {
  for (const { target, source } of await readLinks(bundle)) {
    const link = join(dirname(bundle), target).replace(join(dirname(bundle), "native"), bundle);
    if (await exists(link)) continue;
    await symlink(basename(source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
  for (const program of ["postgres", "initdb"]) {
    const file = join(bundle, "bin", program);
    const { mode } = await stat(file);
    if ((mode & 0o111) !== 0o111) await chmod(file, 0o755);
  }
}

async function readLinks(bundle: string): Promise<readonly Link[]> {
  const text = await readFile(join(bundle, "pg-symlinks.json"), "utf8").catch(() => "[]");
  const links: unknown = JSON.parse(text);
  return Array.isArray(links) ? links : [];
}

/** Another version, or the same from another place, has another name. */
async function cacheName(bundle: string): Promise<string> {
  const { size, mtimeMs } = await stat(join(bundle, "bin", "postgres"));
  const manifest = await readFile(join(dirname(bundle), "package.json"), "utf8").catch(() => "");
  const hash = createHash("sha256").update(`${bundle}\n${size}\n${mtimeMs}\n${manifest}`).digest("hex");
  return `postgres-${hash.slice(0, 16)}`;
}

/** Whether the user may read the file and pass through every folder above it. */
export async function mayPass(file: string, user: Pick<SystemUser, "uid" | "gid">): Promise<boolean> {
  for (let path = dirname(file); ; path = dirname(path)) {
    if (!allows(await stat(path), user, 1)) return false;
    if (path === dirname(path)) break;
  }
  return allows(await stat(file), user, 4);
}

function allows(
  entry: { readonly uid: number; readonly gid: number; readonly mode: number },
  user: Pick<SystemUser, "uid" | "gid">,
  bit: 1 | 4,
): boolean {
  if (entry.uid === user.uid) return ((entry.mode >> 6) & bit) !== 0;
  if (entry.gid === user.gid) return ((entry.mode >> 3) & bit) !== 0;
  return (entry.mode & bit) !== 0;
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
