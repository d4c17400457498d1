import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { dataRoot, type Machine } from "../../src/run/state/data-root.ts";

const gib = 1024 ** 3;
const tmpfs = 0x01021994;
const ext4 = 0xef53;

/** A Linux with plenty of memory and no TMPDIR. */
function aMachine(overrides: Partial<Machine> = {}): Machine {
  return {
    env: {},
    platform: "linux",
    fileSystem: (folder) => (folder === "/dev/shm" ? { type: tmpfs, freeBytes: 8 * gib } : undefined),
    freeMemoryBytes: () => 16 * gib,
    ...overrides,
  };
}

test("data of services lie in memory where there is plenty of it", () => {
  expect(dataRoot(aMachine())).toBe("/dev/shm");
});

test.each<[string, Partial<Machine>]>([
  ["TMPDIR is set", { env: { TMPDIR: tmpdir() } }],
  ["the system is not Linux", { platform: "darwin" }],
  ["there is no /dev/shm that can be written to", { fileSystem: () => undefined }],
  ["/dev/shm is a folder on a disk", { fileSystem: () => ({ type: ext4, freeBytes: 8 * gib }) }],
  [
    "/dev/shm is small, as in most containers",
    { fileSystem: () => ({ type: tmpfs, freeBytes: 64 * 1024 ** 2 }) },
  ],
  ["memory is scarce", { freeMemoryBytes: () => 5 * gib }],
])("they lie in the temporary folder when %s", (_case, overrides) => {
  expect(dataRoot(aMachine(overrides))).toBe(tmpdir());
});

test("this machine can be asked", () => {
  expect(["/dev/shm", tmpdir()]).toContain(dataRoot());
});
