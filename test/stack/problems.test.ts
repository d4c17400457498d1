import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RollcallError } from "../../src/errors/rollcall-error.ts";
import { defineStack } from "../../src/stack/define.ts";
import { pathText } from "../../src/stack/problem.ts";
import { readDocument } from "../../src/stack/read-document.ts";
import { validateStack } from "../../src/stack/validate.ts";
import { errorOf, problemsIn, sound, stackOf } from "./stack-of.ts";

const fixture = join(import.meta.dirname, "fixtures/mistakes.yaml");

function read(file: string, text = readFileSync(file, "utf8")) {
  const document = readDocument(text);
  if (!document.ok) throw new Error("syntax");
  return validateStack(document.value, {
    dir: "/nowhere",
    file: "/nowhere/rollcall.yaml",
    lineOf: document.lineOf,
  });
}

const textsOf = (act: () => unknown) => problemsIn(act).map(({ path, text }) => `${pathText(path)}: ${text}`);

describe("mistakes in a definition", () => {
  test("are all told, in the order of the file, with place, expectation, finding and cure", async () => {
    const error = errorOf(() => read(fixture));
    expect(error.code).toBe("DEFINITION_INVALID");
    await expect(`${error.message}\n`).toMatchFileSnapshot("problems.golden.txt");
  });

  test("never tell the value of something secret", () => {
    const error = errorOf(() =>
      stackOf({ a: { ...sound, env: { API_TOKEN: ["hunter2-hunter2"], PASSWORD: null } } }),
    );
    expect(error.message).toContain("services.a.env.API_TOKEN");
    expect(error.message).not.toContain("hunter2");
  });

  test("a missing probe is told once, not again for a misspelt one", () => {
    expect(textsOf(() => stackOf({ a: { command: ["x"] } }))).toEqual([
      'services.a.ready: service "a" has no readiness probe',
    ]);
    expect(textsOf(() => stackOf({ a: { command: ["x"], reday: { tcp: true } } }))).toEqual([
      'services.a.reday: unknown key "reday"',
    ]);
  });

  test("a reference to a service that is too broken to be read is no mistake of its own", () => {
    expect(textsOf(() => stackOf({ a: 5, b: { ...sound, env: { A: "${a.url}" }, after: ["a"] } }))).toEqual([
      'services.a: "a" is not what belongs here',
    ]);
  });

  test("places in lists are those of the file, also behind items that cannot be read", () => {
    expect(textsOf(() => stackOf({ a: { ...sound, after: [1, "b", 2, "nobody"] }, b: sound }))).toEqual([
      'services.a.after[0]: "after" is not what belongs here',
      'services.a.after[2]: "after" is not what belongs here',
      'services.a.after[3]: unknown service "nobody"',
    ]);
  });

  test("a cycle is told with its path and causes", () => {
    const [problem] = problemsIn(() =>
      stackOf({
        a: { ...sound, after: ["b"] },
        b: { ...sound, env: { C: "${c.host}" } },
        c: { ...sound, after: ["a"] },
      }),
    );
    expect(problem?.text).toBe("these wait for each other: a → b → c → a");
    expect(problem?.found).toBe("a needs b (after), b needs c (env C refers to c.host), c needs a (after)");
  });

  test("two services on one port are told with both places", () => {
    const [problem] = problemsIn(() =>
      stackOf({ db: { recipe: "postgres", port: 5432 }, b: { ...sound, ports: { web: { host: 5432 } } } }),
    );
    expect(pathText(problem?.path ?? [])).toBe("services.b.ports.web");
    expect(problem?.found).toBe("5432 here and at services.db.port");
  });

  test("no time at all is no budget", () => {
    expect(textsOf(() => stackOf({ a: { ...sound, budget: "0s", stop: { grace: 0 } } }))).toEqual([
      'services.a.budget: "budget" is not what belongs here',
    ]);
  });

  test("what is exported has names that a shell can give a variable; what a service gets may have others", () => {
    const env = { "spring.profile": "test", "a-b": "c" };
    expect(textsOf(() => stackOf({ a: { ...sound, env } }, { exports: env }))).toEqual([
      'exports."spring.profile": "spring.profile" cannot be a name here',
      'exports.a-b: "a-b" cannot be a name here',
    ]);
  });

  test("hostile names are refused and shown escaped", () => {
    const hostile = JSON.parse('{"__proto__":{"image":"x"},"a\\u001b[31m\\u202e":{"image":"x"}}');
    const error = errorOf(() => stackOf({ ...sound, good: sound, x: { ...sound, env: hostile } }));
    expect(error.message).not.toMatch(/[\u001b\u202e]/);
    const names = errorOf(() => validateStack({ name: "x", services: hostile }, { dir: "/" }));
    expect(names.message).toContain('"__proto__" cannot be a name here');
    expect(names.message).not.toMatch(/[\u001b\u202e]/);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    const lines = errorOf(() =>
      stackOf({ "a\nmend: run this": sound, b: { ...sound, after: ["a"] } }),
    ).message;
    expect(lines).not.toContain("\nmend: run this");
  });

  test("names of built-in properties are names like others", () => {
    const stack = stackOf({ constructor: sound, b: { ...sound, env: { A: "${constructor.host}" } } });
    expect(stack.units.map(({ name }) => name)).toEqual(["constructor", "b"]);
    expect(textsOf(() => stackOf({ b: { ...sound, env: { A: "${toString.host}" } } }))).toHaveLength(1);
    expect(
      textsOf(() => stackOf({ a: sound, b: { ...sound, env: { A: "${a.constructor}" } } })),
    ).toHaveLength(1);
  });

  test("a reference in TypeScript to what does not exist is told like one in YAML", () => {
    const definition = defineStack({
      name: "ts",
      services: {
        a: {
          ...sound,
          command: ["x"],
          env: ({ b }) => ({ X: b.fact("usr"), Y: `${b}`, Z: b.ports("nope").url }),
        },
        b: { ...sound, command: ["x"], facts: { user: "u" } },
      },
    });
    expect(problemsIn(() => validateStack(definition, { dir: "/" })).map(({ mend }) => mend)).toEqual([
      'write "user"',
      "correct it, or write $${ for a plain ${",
      'add the port to the ports of "b"',
    ]);
  });

  test("whatever is given, the answer is a stack or a list of mistakes", () => {
    const key = fc.constantFrom(
      "name",
      "services",
      "a",
      "ready",
      "http",
      "env",
      "ports",
      "after",
      "files",
      "x",
      "image",
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom<unknown>(null, true, 5, "a", "", "${a.url}", "${", "/x", "tcp", -1, "1:2"),
        fc.array(tie("any"), { maxLength: 3 }),
        fc.dictionary(key, tie("any"), { maxKeys: 5 }),
      ),
    })).any;
    fc.assert(
      fc.property(value, (definition) => {
        try {
          validateStack(definition, { dir: "/nowhere" });
        } catch (error) {
          expect(error).toBeInstanceOf(RollcallError);
          expect((error as RollcallError).code).toBe("DEFINITION_INVALID");
          const problems = problemsIn(() => validateStack(definition, { dir: "/nowhere" }));
          expect(problems.length).toBeGreaterThan(0);
          // The library's own words would be no help.
          for (const { expected } of problems)
            expect(expected).not.toMatch(/^(Invalid|Too|Unrecog|Expected)/);
        }
      }),
      { numRuns: 400 },
    );
  });
});
