import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { factsOf } from "../../src/compose/containerfile.ts";
import { parseDotenv } from "../../src/compose/dotenv.ts";
import { InterpolationError, interpolate } from "../../src/compose/interpolate.ts";
import { serverOf } from "../../src/compose/known-images.ts";
import { toLabel } from "../../src/compose/labels.ts";
import { looksLikeCompose } from "../../src/compose/looks-like.ts";
import { mergeTree } from "../../src/compose/merge.ts";
import { optionOf } from "../../src/compose/options-of.ts";
import { parseShortPort } from "../../src/compose/ports.ts";
import { parseBytes, parseComposeDuration } from "../../src/compose/units.ts";
import { splitWords } from "../../src/compose/words.ts";
import { labelPattern } from "../../src/util/label.ts";

const variables = { SET: "value", EMPTY: "" };
const filled = (text: string) => interpolate(text, variables, () => {});

describe("variables are put into texts as compose does", () => {
  test.each([
    ["$SET", "value"],
    ["${SET}", "value"],
    ["a${SET}b$SET-c", "avaluebvalue-c"],
    ["${GONE}", ""],
    ["${GONE:-d}", "d"],
    ["${EMPTY:-d}", "d"],
    ["${EMPTY-d}", ""],
    ["${GONE-d}", "d"],
    ["${SET:-d}", "value"],
    ["${SET:+r}", "r"],
    ["${EMPTY:+r}", ""],
    ["${EMPTY+r}", "r"],
    ["${GONE+r}", ""],
    ["${SET:?needed}", "value"],
    ["${EMPTY?needed}", ""],
    ["${GONE:-${EMPTY:-${SET}}}", "value"],
    ["${GONE:-a b:c/$SET}", "a b:c/value"],
    ["${GONE:-}", ""],
    ["$$SET $${SET} $$", "$SET ${SET} $"],
    ["${GONE:-$$x}", "$x"],
    ["http://h:${GONE:-80}/", "http://h:80/"],
  ])("%s is %s", (text, expected) => expect(filled(text)).toBe(expected));

  test.each([
    ["${GONE:?set GONE}", "required variable GONE is not set: set GONE"],
    ["${EMPTY:?}", "required variable EMPTY is empty"],
    ["${GONE?${SET} is not enough}", "required variable GONE is not set: value is not enough"],
    ["${SET", "brace"],
    ["$", "expected a name"],
    ["$1", "expected a name"],
    ["${}", "not a variable"],
    ["${a b}", "not a variable"],
    ["${SET:x}", "not a variable"],
  ])("%s is a mistake", (text, message) => {
    expect(() => filled(text)).toThrow(InterpolationError);
    expect(() => filled(text)).toThrow(message);
  });

  test("a text without a dollar sign stays, and a doubled one becomes one", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(filled(text.replaceAll("$", "$$$$"))).toBe(text);
      }),
    );
  });

  test("every unset variable without a default is told", () => {
    const unset: string[] = [];
    interpolate("$A ${B} ${C:-x} ${D:+y} $SET", variables, (name) => unset.push(name));
    expect(unset).toEqual(["A", "B"]);
  });
});

describe("dotenv files", () => {
  test.each([
    ["A=1", "1"],
    ["export A=1", "1"],
    ["A: 1", "1"],
    ["A=", ""],
    ["A = spaced ", "spaced"],
    ["A=a b # comment", "a b"],
    ["A=a#b", "a#b"],
    ["A='a # $SET'", "a # $SET"],
    ['A="a # $SET"', "a # value"],
    ['A="\\t\\"\\$SET\\n"', '\t"$SET\n'],
    ["A=${GONE:-d}", "d"],
    ["B=own\nA=$B", "own"],
    ["SET=own\nA=$SET", "own"],
    ["A='two\nlines'", "two\nlines"],
    ["\uFEFFA=1\r\n", "1"],
    ["# only\n\nA=1", "1"],
  ])("%j", (text, expected) => expect(parseDotenv(text, variables)["A"]).toBe(expected));

  test("a key alone has the environment's value, or none", () => {
    expect({ ...parseDotenv("SET\nGONE", variables) }).toEqual({ SET: "value" });
  });

  test("raw files are taken as they stand", () => {
    expect(parseDotenv(`A="$SET" # x`, variables, { raw: true })["A"]).toBe('"$SET" # x');
  });

  test("mistakes name their line and not its content", () => {
    expect(() => parseDotenv("A=1\npa ss=secret", {})).toThrow("expected KEY=value");
    expect(() => parseDotenv('A="open', {})).toThrow("the quote of A is not closed");
    expect.assertions(2);
  });

  test("what is written in single quotes is read back", () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/['\r\n]/.test(text)),
        (text) => {
          expect(parseDotenv(`A='${text}'`, variables)["A"]).toBe(text);
        },
      ),
    );
  });
});

describe("later files over earlier ones", () => {
  const merged = (key: string, base: unknown, over: unknown) => {
    const tree = (value: unknown) => ({ [key]: value }) as never;
    return (mergeTree(tree(base), tree(over)) as unknown as Record<string, unknown>)[key];
  };
  test.each([
    ["image", "a", "b", "b"],
    ["command", ["a"], ["b"], ["b"]],
    ["entrypoint", "a", ["b"], ["b"]],
    ["environment", ["A=1", "B=1"], { B: "2" }, { A: "1", B: "2" }],
    ["environment", { A: "1" }, ["A", "C=x=y"], { A: "1", C: "x=y" }],
    ["labels", ["a=1"], ["b=2"], { a: "1", b: "2" }],
    ["depends_on", ["a"], { b: { condition: "x" } }, { a: null, b: { condition: "x" } }],
    ["ports", ["80:80"], ["81:80", "80:80"], ["80:80", "81:80"]],
    ["volumes", ["./a:/x", "/y"], ["./b:/x:ro"], ["./b:/x:ro", "/y"]],
    ["expose", ["1"], ["1", "2"], ["1", "2"]],
    [
      "secrets",
      ["a", { source: "b", target: "t" }],
      [{ source: "c", target: "t" }],
      ["a", { source: "c", target: "t" }],
    ],
    ["build", { context: "." }, { args: ["A=1"] }, { context: ".", args: ["A=1"] }],
    ["image", "a", null, "a"],
  ])("%s: %j, then %j", (key, base, over, expected) => {
    expect(JSON.parse(JSON.stringify(merged(key, base, over)))).toEqual(expected);
  });
});

describe("ports", () => {
  const read = (text: string) => {
    const ports = parseShortPort(text);
    if (typeof ports === "string") return ports;
    return ports.map((port) => `${port.hostIp ?? "*"}:${port.host}:${port.container}/${port.protocol}`);
  };
  test.each([
    ["3000", ["*:free:3000/tcp"]],
    ["8000:80", ["*:8000:80/tcp"]],
    ["0:80", ["*:free:80/tcp"]],
    ["8000-8001:80-81", ["*:8000:80/tcp", "*:8001:81/tcp"]],
    ["3000-3001", ["*:free:3000/tcp", "*:free:3001/tcp"]],
    ["8000-8010:80", ["*:free:80/tcp"]],
    ["127.0.0.1:80:81", ["127.0.0.1:80:81/tcp"]],
    ["127.0.0.1::81", ["127.0.0.1:free:81/tcp"]],
    ["[::1]:80:81/udp", ["::1:80:81/udp"]],
  ])("%s", (text, expected) => expect(read(text)).toEqual(expected));
  test.each(["", "a", "80:", "1:2:3", "65536", "0", "2-1", "1-3:1-2", "80/ip", "::1:80:80"])(
    "%j is none",
    (text) => {
      expect(typeof read(text)).toBe("string");
    },
  );
});

test.each([
  ["10s", 10_000],
  ["1m30s", 90_000],
  ["1h5m30s20ms", 3_930_020],
  ["1.5s", 1500],
  ["500ms", 500],
  [5, 5000],
  ["soon", undefined],
  ["", undefined],
  ["5 s", undefined],
])("the time %j", (text, expected) => expect(parseComposeDuration(text)).toBe(expected));

test.each([
  ["64m", 67_108_864],
  ["1gb", 1_073_741_824],
  ["1.5k", 1536],
  [1024, 1024],
  ["2B", 2],
  ["much", undefined],
])("the size %j", (text, expected) => expect(parseBytes(text)).toBe(expected));

describe("command lines are split as a shell would", () => {
  test.each([
    ["a b  c", ["a", "b", "c"]],
    [`a 'b c' "d e"`, ["a", "b c", "d e"]],
    [`a"b"'c'd`, ["abcd"]],
    [`"a\\"b" c\\ d`, ['a"b', "c d"]],
    [`''`, [""]],
    ["", []],
    ["'open", undefined],
    ['"open', undefined],
  ])("%s", (text, expected) => expect(splitWords(text)).toEqual(expected));

  test("quoted words come back whole", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        const line = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
        expect(splitWords(line)).toEqual(words);
      }),
    );
  });
});

test("names become labels, whatever they are", () => {
  expect(["My_App", "a.b", "__x__", "ünï"].map(toLabel)).toEqual(["my-app", "a-b", "x", "n"]);
  fc.assert(
    fc.property(fc.string(), (text) => {
      const label = toLabel(text);
      expect(label === "" || labelPattern.test(label), label).toBe(true);
    }),
  );
});

test("an option of a server is found wherever it stands", () => {
  const find = (...words: string[]) => optionOf(words, ["--requirepass"], { PW: "from env" });
  expect(find("redis-server", "--requirepass", "a")).toBe("a");
  expect(find("redis-server", "--requirepass=a")).toBe("a");
  expect(find("sh", "-c", 'redis-server --requirepass "a b"')).toBe("a b");
  expect(find("sh", "-c", "redis-server --requirepass $PW")).toBe("from env");
  expect(find("sh", "-c", "redis-server --requirepass ${GONE:-d}")).toBe("d");
  expect(find("redis-server")).toBeUndefined();
});

describe("an image is its server only if its command is", () => {
  const runs = (reference: string, ...words: string[]) =>
    serverOf({ reference, words, env: {}, confs: [] }, []) !== undefined;
  test.each([
    ["postgres:16"],
    ["postgres", "-c", "fsync=off"],
    ["postgres", "postgres", "-c", "fsync=off"],
    ["postgres", "docker-entrypoint.sh", "postgres"],
    ["redis", "sh", "-c", "exec redis-server --save ''"],
    ["redis", "/bin/sh", "-c", "x=1; /usr/local/bin/redis-server"],
    ["quay.io/minio/minio", "server", "/data"],
    ["mysql", "mysqld", "--port=3307"],
  ])("%s %s %s %s is", (...words) => expect(runs(...(words as [string]))).toBe(true));
  test.each([
    ["postgres", "psql", "-h", "postgres"],
    ["postgres", "sh", "-c", "pg_dump postgresql://db/postgres"],
    ["redis", "redis-cli", "-h", "redis"],
    ["mysql", "/bin/bash", "-c", "mysql -h mysqld"],
    ["confluentinc/cp-kafka", "/bin/sh", "-c", "kafka-topics --create"],
    ["minio/minio", "/bin/sh", "-c", "mc mb x"],
    ["acme/server"],
  ])("%s %s %s %s is not", (...words) => expect(runs(...(words as [string]))).toBe(false));
});

test("of a Containerfile the last stage counts", () => {
  const facts = factsOf(
    'FROM a\nEXPOSE 1\nHEALTHCHECK CMD x\nFROM b\n# EXPOSE 2\nEXPOSE 3 4/udp 5/tcp\nHEALTHCHECK --interval=5s \\\n --retries=2 CMD ["c", "d"]\n',
  );
  expect(facts).toEqual({
    exposed: [3, 5],
    healthcheck: ["CMD", "c", "d"],
    options: { interval: "5s", retries: "2" },
  });
  expect(factsOf("FROM a\nHEALTHCHECK CMD a || b").healthcheck).toEqual(["CMD-SHELL", "a || b"]);
  expect(factsOf("FROM a\nHEALTHCHECK NONE").healthcheck).toBeUndefined();
});

test("a compose file is known by what it holds", () => {
  expect(looksLikeCompose("services: {a: {image: x}}")).toBe(true);
  expect(looksLikeCompose("name: x\nservices: {a: {image: x, depends_on: [b]}}")).toBe(true);
  expect(looksLikeCompose("name: x\nservices: {a: {image: x, ready: {tcp: true}}}")).toBe(false);
  expect(looksLikeCompose("[1]")).toBe(false);
  expect(looksLikeCompose("{")).toBe(false);
});
