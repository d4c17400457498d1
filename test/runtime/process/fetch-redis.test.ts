import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fetchRedis } from "../../../src/runtime/process/redis/fetch-redis.ts";

const canPack = existsSync("/usr/bin/dpkg-deb");
if (!canPack)
  console.warn("The fetching of Redis is not tested: there is no dpkg-deb to make a package with.");

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "rollcall-test-fetch-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true, force: true });
});

function write(file: string, text: string): string {
  const path = join(dir, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

/** A package, and an apt-get that "downloads" it: as for what is installed, only with --reinstall. */
function offerPackage(files: readonly string[]): void {
  const control = [
    "Package: redis-server",
    "Version: 1",
    "Architecture: all",
    "Maintainer: us",
    "Description: x",
  ];
  write("package/DEBIAN/control", `${control.join("\n")}\n`);
  for (const file of files) write(join("package", file), "#!/bin/sh\necho v=7.9.9\n");
  const deb = join(dir, "redis.deb");
  execFileSync("dpkg-deb", ["--build", "--root-owner-group", join(dir, "package"), deb]);
  const archives = `$(echo "$@" | sed 's/.*Dir::Cache=\\([^ ]*\\).*/\\1/')/archives`;
  write("bin/apt-get", `#!/bin/sh\ncase "$*" in *--reinstall*) cp ${deb} "${archives}" ;; esac\n`);
  vi.stubEnv("PATH", `${join(dir, "bin")}:${process.env["PATH"]}`);
}

const fetched = () =>
  fetchRedis({ cacheDir: join(dir, "cache"), signal: AbortSignal.timeout(60_000), progress: () => {} });

test.skipIf(!canPack)("what is installed, but not on PATH, is fetched all the same, once", async () => {
  offerPackage(["usr/bin/redis-server"]);
  const first = await fetched();
  expect(first).toMatchObject({ source: "Debian's package" });
  write("bin/apt-get", "#!/bin/sh\nexit 9\n");
  expect(await fetched()).toEqual(first);
});

test.skipIf(!canPack)(
  "what holds no server is never kept, and what lies there without one is replaced",
  async () => {
    offerPackage(["usr/share/doc/redis/readme"]);
    expect(await fetched()).toBe("the package that was fetched holds no server");
    offerPackage(["usr/bin/valkey-server"]);
    write(`cache/redis-${process.arch}/usr/share/readme`, "half of something");
    expect(await fetched()).toMatchObject({ program: expect.stringMatching(/valkey-server$/) });
  },
);
