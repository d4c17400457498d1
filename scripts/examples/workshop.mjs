import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** A folder outside the repository where every example is installed with the packed rollcall. */
export async function openWorkshop(names) {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "rc-examples-")));
  // A service's own user must read what is installed here.
  await chmod(dir, 0o755);
  const tarball = join(dir, run("npm", ["pack", "--silent", "--pack-destination", dir], root).trim());
  for (const name of names) {
    await cp(join(root, "examples", name), join(dir, name), {
      recursive: true,
      filter: (path) => !/node_modules|\.rollcall/.test(path),
    });
    const file = join(dir, name, "package.json");
    const manifest = JSON.parse(await readFile(file, "utf8"));
    manifest.devDependencies.rollcall = `file:${tarball}`;
    await writeFile(file, JSON.stringify(manifest));
  }
  await writeFile(join(dir, "package.json"), JSON.stringify({ private: true, workspaces: names }));
  run(
    "npm",
    ["install", "--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock", "--silent"],
    dir,
  );
  return dir;
}

/** A copy of an example beside it, with some files changed: their text, or what is made of it. */
export async function variant(workshop, name, label, files) {
  const dir = join(workshop, `${name}-${label}`);
  await cp(join(workshop, name), dir, {
    recursive: true,
    filter: (path) => !path.includes(".rollcall"),
  });
  for (const [file, text] of Object.entries(files)) {
    await mkdir(join(dir, file, ".."), { recursive: true });
    const path = join(dir, file);
    await writeFile(path, typeof text === "function" ? text(await readFile(path, "utf8")) : text);
  }
  return dir;
}

/** Starts a runner as the leader of a process group, with all of its temporary files below `tmp`. */
export function start([program, ...args], dir, tmp, env) {
  const bin = join(dir, "..", "node_modules", ".bin");
  const inherited = Object.entries(process.env).filter(
    ([key]) => !/^(CI|GITHUB_|VITEST|npm_|ROLLCALL_)/.test(key),
  );
  const child = spawn(join(bin, program), args, {
    cwd: dir,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...Object.fromEntries(inherited),
      ...env,
      PATH: `${bin}:${process.env.PATH}`,
      TMPDIR: tmp,
      XDG_STATE_HOME: join(tmp, "state"),
    },
  });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => output.push(data));
  const ended = once(child, "exit").then(([code, signal]) => ({ code, signal }));
  return { child, ended, text: () => Buffer.concat(output).toString() };
}

/** Processes that have the folder in their command or work in it, save this one. */
export async function processesIn(dir) {
  const found = [];
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const command = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " ");
    const cwd = await realpath(`/proc/${pid}/cwd`).catch(() => "");
    if (command.includes(`${dir}/`) || cwd.startsWith(dir)) found.push({ pid: Number(pid), command });
  }
  return found;
}

/** What of a run is still there: temporary folders, and containers. */
export async function leftovers(tmp, runtime, stack) {
  // Programs that a service's own user can read are kept for the next run.
  const folders = (await readdir(tmp)).filter((name) => /^rollcall(?!.*-cache$)/.test(name));
  if (runtime === "process") return folders;
  const filter = ["--filter", `label=dev.rollcall.stack=${stack}`];
  const url = process.env.CONTAINER_HOST === undefined ? [] : ["--url", process.env.CONTAINER_HOST];
  const containers = run(
    runtime,
    [...(runtime === "podman" ? url : []), "ps", "-aq", ...filter],
    root,
  ).trim();
  return [...folders, ...containers.split("\n").filter((id) => id !== "")];
}

/** What the compiler has to say about an example's TypeScript. */
export async function compile(dir) {
  const modules = join(root, "node_modules");
  const compilerOptions = {
    target: "es2022",
    module: "nodenext",
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    typeRoots: [join(modules, "@types")],
    types: ["node"],
  };
  await writeFile(join(dir, "pg.d.ts"), 'declare module "pg";');
  await writeFile(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  const tsc = spawnSync(process.execPath, [join(modules, "typescript/bin/tsc"), "-p", dir], {
    encoding: "utf8",
  });
  return tsc.stdout + tsc.stderr;
}

export async function closeWorkshop(dir) {
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
}

function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}
