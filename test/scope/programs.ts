import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll } from "vitest";

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly errors: string;
}

export interface Programs {
  file(name: string): string;
  /** To its end. */
  run(name: string, args: readonly string[]): Promise<ProgramEnd>;
}

/** Programs of the fixtures, as plain JavaScript. */
export function usePrograms(): Programs {
  let outdir = "";
  beforeAll(async () => {
    // Below node_modules, so that the packages are found that are not part of the bundle.
    const cache = join(import.meta.dirname, "../../node_modules/.cache");
    await mkdir(cache, { recursive: true });
    outdir = await mkdtemp(join(cache, "rollcall-test-scope-"));
    const fixtures = join(import.meta.dirname, "fixtures");
    await build({
      entryPoints: (await readdir(fixtures)).map((name) => join(fixtures, name)),
      outdir,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      packages: "external",
      outExtension: { ".js": ".mjs" },
      logLevel: "error",
    });
  });
  afterAll(() => rm(outdir, { recursive: true, force: true }));
  const file = (name: string) => join(outdir, `${name}.mjs`);
  const run = async (name: string, args: readonly string[]): Promise<ProgramEnd> => {
    const child = spawn(process.execPath, [file(name), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const texts = { output: "", errors: "" };
    child.stdout.on("data", (bytes) => {
      texts.output += bytes;
    });
    child.stderr.on("data", (bytes) => {
      texts.errors += bytes;
    });
    const [code, signal] = await once(child, "close");
    return { code, signal, ...texts };
  };
  return { file, run };
}
