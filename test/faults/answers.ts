import { expect } from "vitest";
import type { RuntimeKind } from "../../src/runtime/types.ts";
import type { RawUnit } from "../../src/stack/raw.ts";
import { budgetEnd, engines, everywhere, type Fault, fails, holds } from "./fault.ts";
import type { Stage } from "./stage.ts";
import { type Behaviour, unit } from "./units.ts";

/** An engine needs longer to start anything, above all beside others. */
const budgetMs = (stage: Stage) => (stage.onProcesses ? 4000 : 12_000);
const lateMs = 3000;

/** One service with a small budget, which it does not keep. */
function unready(
  name: string,
  on: readonly RuntimeKind[],
  behaviour: Behaviour,
  says: readonly (string | RegExp)[],
  more: Partial<RawUnit> = {},
  short: { readonly short?: true } = {},
): Fault {
  return fails(
    name,
    on,
    (stage) => ({
      units: { a: unit(stage, behaviour, { budget: budgetMs(stage), ...more }), b: unit(stage) },
      expected: {
        code: "NOT_READY",
        service: "a",
        says: [stage.onProcesses ? "4 s" : "12 s", ...says],
        report: { notStarted: ["b"] },
        visibleAt: budgetEnd("a", budgetMs(stage)),
      },
    }),
    short,
  );
}

/** The answer will never be right, and that is told before a long budget has passed. */
function wrong(
  name: string,
  behaviour: Behaviour,
  says: readonly (string | RegExp)[],
  more: Partial<RawUnit> = {},
): Fault {
  return fails(name, everywhere, (stage) => ({
    units: { a: unit(stage, behaviour, more) },
    expected: {
      code: "PROBE_WRONG",
      service: "a",
      says,
      // An answer is lastingly wrong when it has been so for three seconds.
      visibleAt: ({ events }) => {
        const seen = events.findLast((event) => event.type === "probe.observed");
        return seen === undefined ? undefined : Date.parse(seen.time) + lateMs;
      },
    },
  }));
}

const redisPort = { ports: { redis: { container: 8080, host: "free", scheme: "redis" } } } as const;
const postgresPort = { ports: { pg: { container: 8080, host: "free", scheme: "postgresql" } } } as const;
const asRedis = { ...redisPort, ready: { redis: true } } as const;
const asPostgres = {
  ...postgresPort,
  ready: { postgres: { user: "app", password: "pw-of-nobody", database: "app" } },
} as const;

/** Ports that lie, services that are slow or mistaken. */
export const answers: readonly Fault[] = [
  unready(
    "a service never listens",
    everywhere,
    { listen: "none" },
    [/refused|closed|reset/],
    {},
    { short: true },
  ),
  unready("a port accepts and hangs up", everywhere, { listen: "hangup" }, [/closed|reset|ended/]),
  unready("a port accepts and says nothing", everywhere, { listen: "silent" }, ["no answer"]),
  unready(
    "a service accepts, reads, and never answers",
    everywhere,
    { mute: true },
    ["no answer"],
    {},
    { short: true },
  ),
  unready("a body that must match never ends", everywhere, { endless: true }, [/body/], {
    ready: { http: { path: "/health", bodyMatch: "ok" } },
  }),
  unready("a body does not match", everywhere, { body: "degraded" }, ["the body is: degraded"], {
    ready: { http: { path: "/health", bodyMatch: "^ok$" } },
  }),
  unready("a header does not match", everywhere, {}, ["without the header x-ready"], {
    ready: { http: { path: "/health", headerMatch: { "x-ready": "yes" } } },
  }),
  unready("a service answers 404 for ever", everywhere, { status: 404 }, [
    "404",
    "does not know the path",
    "/livez",
  ]),
  unready("a service answers 500 for ever: nobody has run the migrations", everywhere, { status: 500 }, [
    "500",
    "migrations",
  ]),
  unready(
    "a service answers 302 for ever",
    everywhere,
    { status: 302, headers: { location: "http://example.invalid/" } },
    ["redirect"],
  ),
  unready("a service answers 401 for ever", everywhere, { status: 401 }, ["401", "password"]),
  unready(
    "a service listens on another port",
    everywhere,
    { beside: 1 },
    [/It listens on port \d+, but \d+/],
    {},
    { short: true },
  ),
  unready("a service listens on its container's loopback only", engines, { host: "127.0.0.1" }, [
    "listens on 127.0.0.1 only",
  ]),
  unready("a service is slower than its budget", everywhere, { beforeMs: 60_000 }, [/refused|closed/]),
  unready(
    "a redis loads for ever",
    everywhere,
    { listen: "redis", answer: "-LOADING Redis is loading the dataset in memory" },
    ["LOADING"],
    asRedis,
  ),
  unready(
    "a postgres starts up for ever",
    everywhere,
    { listen: "postgres" },
    ["the database system is starting up"],
    asPostgres,
  ),
  unready(
    "a postgres shuts down for ever",
    everywhere,
    { listen: "postgres", says: "the database system is shutting down" },
    ["shutting down"],
    asPostgres,
  ),
  unready(
    "a postgres has no connections left",
    everywhere,
    { listen: "postgres", sqlstate: "53300", says: "sorry, too many clients already" },
    ["too many clients"],
    asPostgres,
  ),
  unready("one of two proofs never comes", everywhere, {}, ["/other", "404"], {
    ready: [{ http: "/health" }, { http: { path: "/other", status: 404 } }],
  }),
  wrong("a command that proves readiness is not there", {}, ["no-such-check", "127"], {
    ready: { exec: ["no-such-check"] },
  }),
  wrong("an answer trickles in and never ends", { listen: "trickle" }, [/something else than HTTP/]),
  wrong("garbage where HTTP is expected", { listen: "garbage" }, [/something else than HTTP/]),
  wrong("plain HTTP where TLS is expected", {}, [/TLS/], {
    ready: { http: { path: "/health", tls: { insecure: true } } },
  }),
  wrong("HTTP where PostgreSQL is expected", {}, [/something else than PostgreSQL/], {
    ready: asPostgres.ready,
  }),
  wrong("HTTP where Redis is expected", {}, [/something else than Redis/], { ready: { redis: true } }),
  wrong(
    "a redis wants a password",
    { listen: "redis", answer: "-NOAUTH Authentication required." },
    ["NOAUTH", "The user or the password is not the one"],
    asRedis,
  ),
  wrong(
    "a postgres does not know the database",
    { listen: "postgres", sqlstate: "3D000", says: 'database "app" does not exist' },
    ['The database "app" does not exist'],
    asPostgres,
  ),
  wrong(
    "a postgres does not know the user",
    { listen: "postgres", sqlstate: "28000", says: 'role "app" does not exist' },
    ['The database user "app" does not exist'],
    asPostgres,
  ),
  holds(
    "a service answers 500 five times, then 200",
    everywhere,
    async (stage) => ({
      units: { a: unit(stage, { statuses: [500, 500, 500, 500, 500] }), b: unit(stage) },
      whileUp: async () => {
        const opened = stage.event("gate.opened", "a");
        expect(opened?.attempts).toBeGreaterThanOrEqual(6);
        expect(opened?.observed).toBe("200 on GET /health");
      },
    }),
    { short: true },
  ),
  holds("a service is slow to listen", everywhere, async (stage) => ({
    units: { a: unit(stage, { beforeMs: 1500 }), b: unit(stage) },
    whileUp: async () => expect(stage.event("gate.opened", "a")?.tookMs).toBeGreaterThanOrEqual(1500),
  })),
  holds("a redis loads for a while", everywhere, async (stage) => ({
    units: {
      a: unit(
        stage,
        { listen: "redis", answers: Array(10).fill("-LOADING Redis is loading the dataset in memory") },
        asRedis,
      ),
      b: unit(stage),
    },
    whileUp: async () => {
      const opened = stage.event("gate.opened", "a");
      expect(opened).toMatchObject({ observed: "PING answered PONG" });
      expect(opened?.attempts).toBeGreaterThanOrEqual(11);
    },
  })),
];
