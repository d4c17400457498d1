import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressesFor, portUrl, resolveTemplate } from "../../src/stack/resolve.ts";
import { parseTemplate, templateText } from "../../src/stack/template.ts";
import type { Part, Template } from "../../src/stack/types.ts";
import { sound, stackOf } from "./stack-of.ts";

describe("references in texts", () => {
  test.each<[string, Template]>([
    ["", []],
    ["plain $ {} }", ["plain $ {} }"]],
    ["$${a.b}", ["${a.b}"]],
    ["${db.host}", [{ service: "db", property: "host", port: undefined }]],
    [
      "http://${db.ports.metrics.host}:1",
      ["http://", { service: "db", property: "host", port: "metrics" }, ":1"],
    ],
  ])("%j is read", (text, template) => {
    expect(parseTemplate(text)).toEqual({ ok: true, template });
  });

  test.each([
    "${}",
    "${a}",
    "${a.b.c}",
    "${a.ports.b}",
    "${a.ports.b.c.d}",
    "${a .b c}",
    "x ${a.host",
    "${a..b}",
  ])("%j is not a reference", (text) => {
    expect(parseTemplate(text).ok).toBe(false);
  });

  test("every template that is written is read as the same", () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
    const reference = fc.record({
      service: word,
      property: word.filter((name) => name !== "ports"),
      port: fc.option(word, { nil: undefined }),
    });
    // A "$" right before a reference would make it a literal.
    const literal = fc
      .oneof(fc.string({ minLength: 1 }), fc.constantFrom("${", "$${", "${a.b}", "$", "}", "$$$"))
      .filter((text) => !text.endsWith("$"));
    fc.assert(
      fc.property(fc.array(fc.oneof(literal, reference)), (parts) => {
        const template = joined(parts);
        expect(parseTemplate(templateText(template))).toEqual({ ok: true, template });
      }),
    );
  });
});

/** Neighbouring literals as one. */
function joined(parts: Template): Part[] {
  return parts.reduce<Part[]>((all, part) => {
    const last = all.at(-1);
    if (typeof last === "string" && typeof part === "string") all[all.length - 1] = last + part;
    else all.push(part);
    return all;
  }, []);
}

describe("resolving", () => {
  const stack = stackOf(
    {
      db: { recipe: "postgres", user: "us er", password: "p@ss/1", database: "d", port: 5433 },
      cache: { recipe: "redis", password: "geheim" },
      api: {
        image: "api",
        ports: { http: 8080, metrics: "19090:9090" },
        ready: { tcp: true },
        env: {
          DB: "${db.url}",
          HOST: "${db.host}",
          PORT: "${db.port}",
          CACHE: "${cache.url}",
          LISTEN: "${self.host}:${self.ports.metrics.port}",
          WHO: "${db.user} of ${db.database}",
        },
      },
    },
    { exports: { METRICS: "${api.ports.metrics.url}/metrics", DB: "${db.url}" } },
  );
  const ports = new Map([
    ["db", [{ name: "postgres", host: 5433 }]],
    ["cache", [{ name: "redis", host: 40001 }]],
    [
      "api",
      [
        { name: "http", host: 40002 },
        { name: "metrics", host: 19090 },
      ],
    ],
  ]);
  const env = (unit: string, addressing: "inside" | "outside") => {
    const address = addressesFor({ reader: unit, addressing, stack, ports });
    const found = stack.units.find(({ name }) => name === unit);
    return Object.fromEntries(
      Object.entries(found?.env ?? {}).map(([key, template]) => [
        key,
        resolveTemplate(template, { stack, address }),
      ]),
    );
  };

  test("inside an engine's network peers are names with container ports", () => {
    expect(env("api", "inside")).toEqual({
      DB: "postgresql://us%20er:p%40ss%2F1@db:5432/d",
      HOST: "db",
      PORT: "5432",
      CACHE: "redis://:geheim@cache:6379",
      LISTEN: "0.0.0.0:9090",
      WHO: "us er of d",
    });
  });

  test("outside everything is on 127.0.0.1", () => {
    expect(env("api", "outside")).toMatchObject({
      DB: "postgresql://us%20er:p%40ss%2F1@127.0.0.1:5433/d",
      CACHE: "redis://:geheim@127.0.0.1:40001",
      LISTEN: "127.0.0.1:19090",
    });
  });

  test("exports are read by clients, outside on every runtime", () => {
    const address = addressesFor({ reader: undefined, addressing: "inside", stack, ports });
    const values = Object.values(stack.exports).map((template) =>
      resolveTemplate(template, { stack, address }),
    );
    expect(values).toEqual([
      "http://127.0.0.1:19090/metrics",
      "postgresql://us%20er:p%40ss%2F1@127.0.0.1:5433/d",
    ]);
  });

  test("a login goes only into URLs of servers that ask for one", () => {
    const [unit] = stackOf({ a: { ...sound, facts: { user: "u", password: "p" } } }).units;
    const [port] = unit?.ports ?? [];
    if (unit === undefined || port === undefined) throw new Error("no port");
    expect(portUrl(unit, port, { host: "127.0.0.1", port: 1 })).toBe("http://127.0.0.1:1");
  });
});
