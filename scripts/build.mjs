// Builds rollcall into dist, and the services of stacks/hapi into theirs. What is up to date is left alone: a stamp
// tells what each dist was made of. Every dist is made aside and then put in place, so that whoever runs from it never
// meets half of one.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

const root = join(import.meta.dirname, "..");
const stamps = join(root, "node_modules/.cache/rollcall-build");

async function filesUnder(path) {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return [];
  if (!found.isDirectory()) return [path];
  const names = await readdir(path);
  return (await Promise.all(names.sort().map((name) => filesUnder(join(path, name))))).flat();
}

async function hashOf(inputs) {
  const hash = createHash("sha256").update(process.version);
  for (const file of (await Promise.all(inputs.map((input) => filesUnder(join(root, input))))).flat()) {
    hash.update(`${relative(root, file)}\0`).update(await readFile(file));
  }
  return hash.digest("hex");
}

async function node(args, cwd) {
  const [code] = await once(spawn(process.execPath, args, { cwd, stdio: "inherit" }), "exit");
  if (code !== 0) throw new Error(`node ${args.join(" ")} ended with code ${code}`);
}

/** Somebody else's build may come between: the last one wins. */
async function putInPlace(made, place) {
  const old = `${made}.old`;
  for (let attempt = 1; ; attempt += 1) {
    await rename(place, old).catch(() => {});
    try {
      await rename(made, place);
      return await rm(old, { recursive: true, force: true });
    } catch (error) {
      if (attempt === 5) throw error;
      await rm(old, { recursive: true, force: true });
    }
  }
}

/** A folder made by somebody else since then is another one. */
async function identityOf(folder) {
  const found = await stat(folder).catch(() => undefined);
  return found === undefined ? "none" : `${found.ino} ${found.mtimeMs}`;
}

async function build({ name, dist, inputs, make }) {
  const place = join(root, dist);
  const stampFile = join(stamps, `${name}.stamp`);
  const inputsHash = await hashOf(["scripts/build.mjs", "package-lock.json", ...inputs]);
  const before = await readFile(stampFile, "utf8").catch(() => "");
  if (before === `${inputsHash} ${await identityOf(place)}`) return;
  // A sibling, because source maps tell where the sources are from there.
  const made = await mkdtemp(`${place}.making-`);
  try {
    await make(made);
    // A temporary folder is private; a service's user must read this one.
    await chmod(made, 0o755);
    await putInPlace(made, place);
    await mkdir(stamps, { recursive: true });
    await writeFile(stampFile, `${inputsHash} ${await identityOf(place)}`);
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

async function makeRollcall(made) {
  await node([join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.json", "--outDir", made], root);
  for (const file of await filesUnder(join(root, "src"))) {
    if (/\.(ts|md)$/.test(file)) continue;
    const copy = join(made, relative(join(root, "src"), file));
    await mkdir(dirname(copy), { recursive: true });
    await cp(file, copy);
  }
  await chmod(join(made, "cli/main.js"), 0o755);
}

function service(name) {
  const dir = `stacks/hapi/services/${name}`;
  return {
    name,
    dist: `${dir}/dist`,
    inputs: [`${dir}/src`, `${dir}/build.mjs`, `${dir}/package.json`],
    make: (made) => node(["build.mjs", made], join(root, dir)),
  };
}

const builds = [
  { name: "rollcall", dist: "dist", inputs: ["src", "tsconfig.json", "package.json"], make: makeRollcall },
  service("datastorage"),
  service("embedding"),
];
const outcomes = await Promise.allSettled(builds.map(build));
for (const [index, outcome] of outcomes.entries()) {
  if (outcome.status === "fulfilled") continue;
  process.stderr.write(`build of ${builds[index].name}: ${outcome.reason?.message ?? outcome.reason}\n`);
  process.exitCode = 1;
}
