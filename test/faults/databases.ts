import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { secret } from "./audit.ts";
import { everywhere, type Fault, fails, holds } from "./fault.ts";
import { unit } from "./units.ts";

/** Of an answer that is lastingly wrong: three seconds after it was first seen. */
const visibleAt = ({
  events,
}: {
  readonly events: readonly { readonly type: string; readonly time: string }[];
}) => {
  const seen = events.findLast((event) => event.type === "probe.observed");
  return seen === undefined ? undefined : Date.parse(seen.time) + 3000;
};

const real = { recipe: "postgres", user: "app", password: secret, database: "app", budget: "90s" } as const;

/** Real servers, and what a definition gets wrong about them. */
export const databases: readonly Fault[] = [
  fails(
    "a real postgres is asked with another password",
    everywhere,
    () => ({
      units: {
        db: { ...real, ready: { postgres: { user: "app", password: `${secret}-another`, database: "app" } } },
      },
      expected: {
        code: "PROBE_WRONG",
        service: "db",
        says: [/password authentication failed/, "The user or the password is not the one"],
        visibleAt,
      },
    }),
    { short: true },
  ),
  fails("a real postgres is asked for another database", everywhere, () => ({
    units: { db: { ...real, ready: { postgres: { user: "app", password: secret, database: "other" } } } },
    expected: {
      code: "PROBE_WRONG",
      service: "db",
      says: ['The database "other" does not exist'],
      visibleAt,
    },
  })),
  fails("a real postgres has a mistake in its init SQL", everywhere, (stage) => {
    writeFileSync(
      join(stage.dir, "schema.sql"),
      "CREATE TABLE fine (id int);\nCREATE TABEL broken (id int);\n",
    );
    return {
      units: { db: { ...real, init: ["schema.sql"] }, b: unit(stage, {}, { after: ["db"] }) },
      expected: {
        code: stage.onProcesses ? "START_FAILED" : "EXITED_EARLY",
        service: "db",
        says: ["TABEL", "schema.sql"],
        report: { notStarted: ["b"] },
        visibleAt: () => undefined,
      },
    };
  }),
  fails("a real postgres has a setting that it does not know", everywhere, (stage) => ({
    units: { db: { ...real, settings: { max_conections: 10 } } },
    expected: {
      code: stage.onProcesses ? "START_FAILED" : "EXITED_EARLY",
      service: "db",
      says: ["max_conections"],
      visibleAt: () => undefined,
    },
  })),
  fails("a real redis is asked without its password", everywhere, () => ({
    units: { cache: { recipe: "redis", password: secret, ready: { redis: true } } },
    expected: { code: "PROBE_WRONG", service: "cache", says: ["NOAUTH"], visibleAt },
  })),
  fails("a real redis is asked with another password", everywhere, () => ({
    units: {
      cache: { recipe: "redis", password: secret, ready: { redis: { password: `${secret}-another` } } },
    },
    expected: { code: "PROBE_WRONG", service: "cache", says: ["WRONGPASS"], visibleAt },
  })),
  fails("a real redis has a setting that it does not know", everywhere, () => ({
    units: { cache: { recipe: "redis", settings: { maxmemroy: "1mb" } } },
    expected: { code: "EXITED_EARLY", service: "cache", says: ["maxmemroy"], visibleAt: () => undefined },
  })),
  fails(
    "a service writes its password to its log and crashes",
    everywhere,
    (stage) => ({
      units: {
        cache: { recipe: "redis", password: secret },
        a: unit(stage, { start: { what: { throw: `cannot log in to redis://:${secret}@cache` } } }),
      },
      expected: { code: "EXITED_EARLY", service: "a", says: ["cannot log in to redis://"] },
    }),
    { short: true },
  ),
  holds("a real postgres and a real redis, none of their passwords shown", everywhere, async (stage) => ({
    units: {
      db: real,
      cache: { recipe: "redis", password: secret },
      a: unit(stage, {}, { after: ["db", "cache"] }),
    },
  })),
];
