import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dotenvText, githubText, shellText } from "../../src/cli/env-text.ts";

let file = "";
beforeAll(() => {
  file = join(mkdtempSync(join(tmpdir(), "rollcall-env-")), "test.env");
});
afterAll(() => rmSync(join(file, ".."), { recursive: true, force: true }));

const readableByAll = {
  PLAIN: "postgres://u:p@127.0.0.1:5432/db?x=1",
  EMPTY: "",
  SPACE: " two words # no comment ",
  DOLLAR: "pa$$word ${HOME} $(id) `id`",
  BACKSLASH: 'C:\\new\\table "quoted"\\',
  JSON: '{"a":[1,"b"]}',
  LINES: "-----BEGIN-----\nab==\n-----END-----\n",
  APOSTROPHE: "it's fine\nreally",
};
const forShells = { ALL: 'it\'s $HOME `id` \\ "x"\n' };

/** What a program sees that is started with the file read by this command. */
function seenBy(argv: readonly string[], text: string, names: readonly string[]): Record<string, string> {
  writeFileSync(file, `${text}\n`);
  const [command = "", ...args] = argv;
  const env = { PATH: process.env["PATH"], HOME: "/nowhere" };
  const seen = JSON.parse(execFileSync(command, args, { encoding: "utf8", env }));
  return Object.fromEntries(names.map((name) => [name, seen[name]]));
}

const print = "process.stdout.write(JSON.stringify(process.env))";
const node = () => [process.execPath, `--env-file=${file}`, "-e", print];
const shell = (how: string) => ["sh", "-c", `set -ae; ${how}; exec ${process.execPath} -e '${print}'`];

describe("a .env file", () => {
  test("says the same to Node and to a shell", () => {
    const text = dotenvText(readableByAll);
    for (const reader of [node(), shell(`. ${file}`)])
      expect(seenBy(reader, text, Object.keys(readableByAll))).toEqual(readableByAll);
  });

  test("is whole for a shell where no form suits everybody", () => {
    expect(seenBy(shell(`. ${file}`), dotenvText(forShells), ["ALL"])).toEqual(forShells);
  });
});

test("a shell's eval has every value as it is", () => {
  const env = { ...readableByAll, ...forShells };
  expect(seenBy(shell(`eval "$(cat ${file})"`), shellText(env), Object.keys(env))).toEqual(env);
});

test("GitHub's file has values of several lines between delimiters", () => {
  expect(githubText({ A: "a=b", B: "one\ntwo" }, "END")).toBe("A=a=b\nB<<END\none\ntwo\nEND");
});
