import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, stop } from "esbuild";

const root = fileURLToPath(new URL("../../", import.meta.url));

export interface Bundle {
  /** Folder of index.js and cli.js. */
  readonly dir: string;
  remove(): void;
}

/** Rollcall as plain JavaScript beside its guard: many starts of it cost little, and nobody's build comes between. */
export async function bundleRollcall(): Promise<Bundle> {
  // Below node_modules, so that the packages are found that are not part of the bundle.
  const cache = join(root, "node_modules", ".cache");
  mkdirSync(cache, { recursive: true });
  const home = mkdtempSync(join(cache, "rollcall-faults-"));
  writeFileSync(
    join(home, "package.json"),
    JSON.stringify({ type: "module", version: "0", description: "rollcall" }),
  );
  const dir = join(home, "dist", "all");
  await build({
    entryPoints: {
      index: join(root, "test/faults/entry.ts"),
      cli: join(root, "src/cli/main.ts"),
      "guard-main": join(root, "src/run/guard/guard-main.ts"),
    },
    outdir: dir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    logLevel: "error",
  });
  // Its helper process would keep a script from ending.
  await stop();
  return { dir, remove: () => rmSync(home, { recursive: true, force: true }) };
}
