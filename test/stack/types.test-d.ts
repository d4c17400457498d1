// Checked by the compiler alone: `tsc -p tsconfig.test.json --noEmit`.
import { defineStack, http, postgres, redis, type StackDefinition, service, task } from "../../src/index.ts";

const inline = defineStack({
  name: "inline",
  services: {
    postgres: postgres({ user: "app" }),
    redis: redis(),
    api: {
      image: "api",
      ports: { http: 8080 },
      after: ["redis", { service: "postgres", condition: "started" }],
      env: ({ postgres, self }) => ({
        DB_HOST: postgres.host,
        PORT: self.port,
        METRICS: postgres.ports("postgres").url,
      }),
      command: ({ redis }) => ["serve", redis.url],
      files: ({ postgres }) => [{ content: postgres.url, target: "/etc/url" }],
      ready: http("/health"),
    },
    migrate: { task: true, command: ["migrate"] },
  },
  exports: ({ api }) => ({ API_URL: api.url }),
});
inline satisfies StackDefinition<"postgres" | "redis" | "api" | "migrate", "API_URL">;
// @ts-expect-error a service is missing
inline satisfies StackDefinition<"postgres" | "redis" | "api", "API_URL">;
// @ts-expect-error another export
inline satisfies StackDefinition<"postgres" | "redis" | "api" | "migrate", "API">;

const bare = defineStack({ name: "bare", services: { api: { command: ["api"], ready: { tcp: true } } } });
bare satisfies StackDefinition<"api", never>;

// Apart from a stack: unchecked names, or given ones.
const apart = service({ command: ["x"], env: ({ postgres, self }) => ({ A: postgres.host, B: self.port }) });
const given = service<"postgres">({ command: ["x"], env: ({ postgres }) => ({ A: postgres.host }) });
const chore = task({ command: ({ postgres }) => ["migrate", postgres.url] });
defineStack({ name: "x", services: { apart, given, chore } });

// @ts-expect-error redis was not given
service<"postgres">({ command: ["x"], env: ({ redis }) => ({ A: redis.host }) });

defineStack({
  name: "wrong",
  services: {
    postgres: postgres({}),
    // @ts-expect-error no such service
    a: { image: "a", after: ["postgras"] },
    // @ts-expect-error no such service
    b: { image: "b", env: ({ postgras }) => ({ A: postgras.host }) },
    // @ts-expect-error no such property
    c: { image: "c", env: ({ postgres }) => ({ A: postgres.hots }) },
    // @ts-expect-error no such key
    d: { image: "d", redy: http("/health") },
    // @ts-expect-error no such protocol
    e: { image: "e", ready: { handshake: "mysqll" } },
  },
  // @ts-expect-error no such service
  exports: ({ postgras }) => ({ URL: postgras.url }),
});
// @ts-expect-error redis has no database
redis({ database: "x" });
