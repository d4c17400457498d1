import { expect, test } from "vitest";
import { createProcessRuntime } from "../../../src/runtime/process/runtime.ts";
import type { FileMount, ProcessForm, Service, Stack } from "../../../src/stack/types.ts";
import { command, unitOf } from "./rig.ts";

async function refusalsOf(...units: readonly Service[]): Promise<readonly string[]> {
  const stack: Stack = {
    name: "test",
    dir: "/",
    file: undefined,
    order: "sequential",
    timeoutMs: 1000,
    units,
    exports: {},
    notes: [],
  };
  return (await createProcessRuntime().refusals(stack)).map(({ unit, text }) => `${unit}: ${text}`);
}

const files: readonly FileMount[] = [
  { kind: "copy", source: "/a/b.yaml", target: "/etc/b.yaml", mode: undefined },
  { kind: "content", content: ["x"], target: "/etc/c", mode: undefined },
  { kind: "bind", source: "/a", target: "/b", readOnly: true },
  { kind: "volume", volume: "data", target: "/data", readOnly: false },
  { kind: "tmpfs", target: "/run", options: undefined },
];

test("a unit that only has an image is refused by name", async () => {
  expect(await refusalsOf(unitOf("kafka", undefined), unitOf("api", command("node")))).toEqual([
    "kafka: it has no process form, only an image",
  ]);
});

test("every file that has no place on this machine is refused by name", async () => {
  expect(await refusalsOf(unitOf("api", command("node"), { files }))).toEqual([
    "api: the file /a/b.yaml has no place at /etc/b.yaml on this machine",
    "api: a file with written content has no place at /etc/c on this machine",
    "api: the bind mount of /a has no place at /b on this machine",
    "api: the volume data has no place at /data on this machine",
    "api: a tmpfs has no place at /run on this machine",
  ]);
});

test("a server's own data folder and init SQL are no reason", async () => {
  const form: ProcessForm = {
    ...{ kind: "postgres", user: "a", password: "b", database: "c" },
    ...{ initSql: ["/a/init.sql"], settings: {} },
  };
  const postgresFiles: readonly FileMount[] = [
    { kind: "copy", source: "/a/init.sql", target: "/docker-entrypoint-initdb.d/1.sql", mode: undefined },
    { kind: "volume", volume: "data", target: "/var/lib/postgresql/data", readOnly: false },
  ];
  const redis = unitOf(
    "redis",
    { kind: "redis", password: undefined, args: [] },
    { files: files.slice(3, 4) },
  );
  expect(await refusalsOf(unitOf("postgres", form, { files: postgresFiles }), redis)).toEqual([]);
});
