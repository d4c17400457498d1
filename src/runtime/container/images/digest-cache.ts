import { createHash } from "node:crypto";
import { mkdir, readFile, readlink, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { ContextFile } from "./context.ts";

type Digests = Readonly<Record<string, { readonly stamp: string; readonly digest: string }>>;

const schema = z.object({
  version: z.literal(1),
  files: z.record(z.string(), z.object({ stamp: z.string(), digest: z.string() })),
});

/** A file that was changed so shortly before it was read may change again without its times telling. */
const settledMs = 2000;

/** Digests of a context's files, kept in the user's cache folder: what has not been touched is not read again. */
export class DigestCache {
  readonly #file: string;
  readonly #known: Digests;
  readonly #seen: Record<string, { readonly stamp: string; readonly digest: string }> = {};
  readonly #nowMs = Date.now();
  #changed = false;

  private constructor(file: string, known: Digests) {
    this.#file = file;
    this.#known = known;
  }

  static async open(context: string, env: NodeJS.ProcessEnv = process.env): Promise<DigestCache> {
    const cache = env["XDG_CACHE_HOME"] || join(env["HOME"] || homedir(), ".cache");
    const name = createHash("sha256").update(context).digest("hex").slice(0, 32);
    const file = join(cache, "rollcall", "contexts", `${name}.json`);
    const text = await readFile(file, "utf8").catch(() => "{}");
    return new DigestCache(file, parse(text));
  }

  async digestOf({ path, absolute, type, stats }: ContextFile): Promise<string> {
    if (type === "folder") return "";
    if (type === "link") return readlink(absolute);
    const stamp = [stats.mtimeMs, stats.ctimeMs, stats.size, stats.ino].join(" ");
    const known = Object.hasOwn(this.#known, path) ? this.#known[path] : undefined;
    if (known?.stamp === stamp) {
      this.#seen[path] = known;
      return known.digest;
    }
    this.#changed = true;
    const digest = contentDigest(await readFile(absolute));
    const settled = Math.max(stats.mtimeMs, stats.ctimeMs) < this.#nowMs - settledMs;
    if (settled) this.#seen[path] = { stamp, digest };
    return digest;
  }

  /** A cache that cannot be written only costs time. */
  async save(): Promise<void> {
    if (!this.#changed && Object.keys(this.#seen).length === Object.keys(this.#known).length) return;
    const temporary = `${this.#file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
    try {
      await mkdir(join(this.#file, ".."), { recursive: true, mode: 0o700 });
      await writeFile(temporary, JSON.stringify({ version: 1, files: this.#seen }), { mode: 0o600 });
      await rename(temporary, this.#file);
    } catch {
      await rm(temporary, { force: true }).catch(() => {});
    }
  }
}

export function contentDigest(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

function parse(text: string): Digests {
  try {
    return schema.safeParse(JSON.parse(text)).data?.files ?? {};
  } catch {
    return {};
  }
}
