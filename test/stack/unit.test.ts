import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  defineStack,
  exec,
  handshake,
  http,
  log,
  postgres,
  redis,
  task,
  tcp,
} from "../../src/stack/define.ts";
import { parseEnvFile } from "../../src/stack/env-file.ts";
import type { Service } from "../../src/stack/types.ts";
import { validateStack } from "../../src/stack/validate.ts";
import { errorOf, problemsIn, sound, stackOf, unitOf } from "./stack-of.ts";

const dir = mkdtempSync(join(tmpdir(), "rollcall-unit-"));
afterAll(() => rmSync(dir, { recursive: true }));
writeFileSync(join(dir, "one.sql"), "select 1;");
writeFileSync(join(dir, "two.sql"), "select 2;");
writeFileSync(join(dir, "Dockerfile"), "FROM scratch\n");
writeFileSync(join(dir, "app.env"), "A=file\nB='${not.a.reference}'\nAPI_KEY=from-the-file\n");

const here = (services: Record<string, unknown>) => validateStack({ name: "x", services }, { dir }).units;

describe("recipes", () => {
  test("postgres knows its image, its process, its probe, its facts and its secrets", () => {
    const [unit] = here({
      db: {
        recipe: "postgres",
        user: "u",
        password: "p-${x}-secret",
        database: "d",
        init: ["two.sql", "one.sql"],
        settings: { fsync: "off", max_connections: 20 },
        port: 15432,
      },
    });
    expect(unit).toMatchObject({
      kind: "service",
      ports: [{ name: "postgres", container: 5432, host: 15432, scheme: "postgresql" }],
      ready: { kind: "postgres", port: "postgres", user: "u", password: "p-${x}-secret", database: "d" },
      env: { POSTGRES_USER: ["u"], POSTGRES_PASSWORD: ["p-${x}-secret"], POSTGRES_DB: ["d"] },
      files: [
        { kind: "copy", source: join(dir, "two.sql"), target: "/docker-entrypoint-initdb.d/001-two.sql" },
        { kind: "copy", source: join(dir, "one.sql"), target: "/docker-entrypoint-initdb.d/002-one.sql" },
      ],
      container: {
        image: { kind: "image", reference: "docker.io/library/postgres:16-alpine", pull: "missing" },
        command: [["postgres"], ["-c"], ["fsync=off"], ["-c"], ["max_connections=20"]],
      },
      process: { kind: "postgres", initSql: [join(dir, "two.sql"), join(dir, "one.sql")] },
      stop: { signal: "SIGINT", graceMs: 10_000 },
      facts: { user: "u", password: "p-${x}-secret", database: "d" },
      secrets: ["p-${x}-secret"],
    });
  });

  test("the password of redis is in a file, in no argument", () => {
    const unit = unitOf({ recipe: "redis", password: "geheim", settings: { maxmemory: "10mb" } }) as Service;
    expect(JSON.stringify(unit.container?.command)).not.toContain("geheim");
    expect(unit.files).toMatchObject([{ kind: "content", content: ['requirepass "geheim"\n'] }]);
    expect(unit.process).toEqual({ kind: "redis", password: "geheim", args: ["--maxmemory", "10mb"] });
    expect(unit.ready).toEqual({ kind: "redis", port: "redis", username: undefined, password: "geheim" });
    expect(unit.secrets).toEqual(["geheim"]);
  });

  test("keys of a recipe do not go with other services, nor with another recipe", () => {
    const texts = problemsIn(() =>
      stackOf({ a: { ...sound, port: 1 }, b: { recipe: "redis", user: "u", command: ["x"] } }),
    ).map(({ text }) => text);
    expect(texts).toEqual([
      '"port" belongs to a recipe',
      '"user" belongs to a recipe',
      'recipe redis brings its own "command"',
    ]);
  });
});

describe("forms", () => {
  test("command belongs to the container beside an image, else to the process", () => {
    expect(unitOf(sound)).toMatchObject({
      container: undefined,
      process: { argv: [["node"], ["server.js"]] },
    });
    const both = unitOf({
      image: "a",
      command: ["in"],
      process: ["out"],
      ports: { http: 80 },
      ready: { tcp: true },
    });
    expect(both).toMatchObject({ container: { command: [["in"]] }, process: { argv: [["out"]] } });
  });

  test("a build takes the Containerfile or Dockerfile of its folder", () => {
    const [unit] = here({ a: { build: ".", ports: { http: 80 }, ready: { tcp: true } } });
    expect(unit?.container?.image).toEqual({
      kind: "build",
      context: dir,
      containerfile: { path: join(dir, "Dockerfile") },
      args: {},
      target: undefined,
      alias: undefined,
    });
  });

  test("sizes, limits and durations are numbers", () => {
    const container = { memory: "64m", shmSize: 1000, ulimits: { nofile: 5, nproc: { soft: 1, hard: 2 } } };
    const unit = unitOf({
      image: "a",
      container,
      ports: { http: 80 },
      ready: { tcp: true },
      budget: "1m30s",
    });
    expect(unit.container).toMatchObject({
      memoryBytes: 64 * 1024 * 1024,
      shmSizeBytes: 1000,
      ulimits: { nofile: { soft: 5, hard: 5 }, nproc: { soft: 1, hard: 2 } },
    });
    expect(unit.budgetMs).toBe(90_000);
  });

  test("ports in short", () => {
    const ports = { http: 80, fixed: "18080:81", https: { container: 82, host: 18082 } };
    expect(unitOf({ image: "a", ports, ready: { tcp: true } }).ports).toEqual([
      { name: "http", container: 80, host: "free", scheme: "http" },
      { name: "fixed", container: 81, host: 18080, scheme: "http" },
      { name: "https", container: 82, host: 18082, scheme: "https" },
    ]);
    expect(unitOf({ ...sound, ports: { http: 8080 } }).ports).toMatchObject([{ host: 8080 }]);
  });

  test("files of every kind", () => {
    const files = [
      { content: "a: ${self.port}", target: "/a", mode: "0600" },
      { copy: "one.sql", target: "/b" },
      { bind: ".", target: "/c", readOnly: true },
      { volume: "data", target: "/d" },
      { tmpfs: true, target: "/e", options: "size=1m" },
    ];
    expect(here({ it: { ...sound, files } })[0]?.files).toEqual([
      {
        kind: "content",
        content: ["a: ", { service: "it", property: "port", port: undefined }],
        target: "/a",
        mode: 0o600,
      },
      { kind: "copy", source: join(dir, "one.sql"), target: "/b", mode: undefined },
      { kind: "bind", source: dir, target: "/c", readOnly: true },
      { kind: "volume", volume: "data", target: "/d", readOnly: false },
      { kind: "tmpfs", target: "/e", options: "size=1m" },
    ]);
  });
});

describe("environment", () => {
  test("env wins over envFile, whose values are taken as they are", () => {
    const [unit] = here({ it: { ...sound, envFile: "app.env", env: { A: "env", N: 1, T: true } } });
    expect(unit?.env).toEqual({
      A: ["env"],
      B: ["${not.a.reference}"],
      API_KEY: ["from-the-file"],
      N: ["1"],
      T: ["true"],
    });
    expect(unit?.secrets).toEqual(["from-the-file"]);
  });

  test("secrets are literals of telling names and passwords in URLs, and nothing that everything is full of", () => {
    const env = {
      DB_PASSWORD: "hunter22",
      TOKEN: "abc",
      SECRET_ENABLED: "true",
      MAX_TOKENS: "40960",
      KEY_PATH: "/etc/key",
      URL: "postgres://me:s%40cret@host/db",
    };
    expect(unitOf({ ...sound, env }).secrets).toEqual(["hunter22", "s%40cret", "s@cret"]);
  });

  test("dotenv files with comments, quotes and line breaks", () => {
    const text = [
      "\ufeff# comment",
      "A=1 # after",
      "export B=two words",
      "C='single # $x'",
      'D="line\\nbreak \\"q\\""',
      'E="over',
      'lines"',
      "F=",
      "G=a#b",
      "wrong line",
    ].join("\r\n");
    const { values, wrong } = parseEnvFile(text);
    expect(Object.fromEntries(values)).toEqual({
      A: "1",
      B: "two words",
      C: "single # $x",
      D: 'line\nbreak "q"',
      E: "over\nlines",
      F: "",
      G: "a#b",
    });
    expect(wrong).toEqual([10]);
  });
});

describe("dependencies", () => {
  test("several references to one service are one dependency, with the first cause", () => {
    const [, unit] = stackOf({
      a: sound,
      b: { ...sound, env: { X: "${a.host}", Y: "${a.port} ${self.port}" }, command: ["x", "${a.url}"] },
    }).units;
    expect(unit?.after).toEqual([{ service: "a", condition: "ready", because: "env X refers to a.host" }]);
  });

  test("using a service asks for more than waiting for its start", () => {
    const after = [{ service: "a", condition: "started" }];
    const [, started, used] = stackOf({
      a: sound,
      b: { ...sound, after },
      c: { ...sound, after, env: { A: "${a.host}" } },
    }).units;
    expect(started?.after).toEqual([{ service: "a", condition: "started", because: "after" }]);
    expect(used?.after).toEqual([{ service: "a", condition: "ready", because: "env A refers to a.host" }]);
  });
});

describe("TypeScript", () => {
  test("says the same as YAML", () => {
    const probes = [
      http("/health", { status: [200, 204] }),
      tcp("web"),
      exec(["true"], { timeout: "1s" }),
      log(/listening on \d+/, { times: 2 }),
      handshake("amqp"),
    ];
    const typed = defineStack({
      name: "same",
      services: {
        db: postgres({ user: "u" }),
        cache: redis({}),
        seed: task({ command: ({ db }) => ["seed", db.url], after: ["cache"] }),
        api: {
          image: "api",
          ports: { web: 80 },
          env: ({ db, self }) => ({ DB: `${db.host}:${db.ports("postgres").port}`, PORT: self.port, N: 5 }),
          ready: probes,
        },
      },
      exports: ({ api }) => ({ API: api.url }),
    });
    const plain = {
      name: "same",
      services: {
        db: { recipe: "postgres", user: "u" },
        cache: { recipe: "redis" },
        seed: { task: true, command: ["seed", "${db.url}"], after: ["cache"] },
        api: {
          image: "api",
          ports: { web: 80 },
          env: { DB: "${db.host}:${db.ports.postgres.port}", PORT: "${self.port}", N: 5 },
          ready: [
            { http: { path: "/health", status: [200, 204] } },
            { tcp: { port: "web" } },
            { exec: { command: ["true"], timeout: "1s" } },
            { log: { pattern: "listening on \\d+", times: 2 } },
            { handshake: "amqp" },
          ],
        },
      },
      exports: { API: "${api.url}" },
    };
    expect(validateStack(typed, { dir })).toEqual(validateStack(plain, { dir }));
  });

  test("flags of a pattern would be lost, so they are refused", () => {
    expect(errorOf(() => log(/ready/i)).code).toBe("DEFINITION_INVALID");
  });
});
