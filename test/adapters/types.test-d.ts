// Checked by `npm run check`: what should not compile, does not.
import { inject, test } from "vitest";
import { createGlobalFixtures } from "../../src/adapters/mocha.ts";
import { useStack } from "../../src/adapters/node-test.ts";
import { stackFixtures as playwrightFixtures, withStack } from "../../src/adapters/playwright.ts";
import { createSetup, stackFixtures, stackInTests } from "../../src/adapters/vitest.ts";
import { defineStack, http, postgres } from "../../src/index.ts";

const stack = defineStack({
  name: "shop",
  services: {
    db: postgres(),
    api: { process: ["node", "api.mjs"], ports: { http: "free" }, ready: http("/health") },
  },
  exports: ({ api, db }) => ({ API_URL: api.url, DATABASE_URL: db.url }),
});

declare module "../../src/adapters/vitest.ts" {
  interface Register {
    stack: typeof stack;
  }
}
declare module "../../src/adapters/jest.ts" {
  interface Register {
    stack: typeof stack;
  }
}

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_equal: Equal<A, B>): void {}

const view = stackInTests(stack);
same<Parameters<typeof view.service>[0], "api" | "db">(true);
same<keyof typeof view.env, "API_URL" | "DATABASE_URL">(true);
view.service("api").url();
// @ts-expect-error no such service
view.service("apu");
// @ts-expect-error no such export
view.env.API_URI;

// Without exports there is no name that an environment could have.
const silent = stackInTests(defineStack({ name: "silent", services: { db: postgres() } }));
// @ts-expect-error it exports nothing
silent.env.DATABASE_URL;

same<keyof ReturnType<typeof injected>["services"], "api" | "db">(true);
function injected() {
  return inject("rollcall");
}
// @ts-expect-error no such export
injected().env.API_URI;

same<Parameters<typeof rollcall.service>[0], "api" | "db">(true);
// @ts-expect-error jest's global: no such service
rollcall.service("apu");

const own = test.extend(stackFixtures(stack, { database: "db" }));
own("fixtures have the stack's names", ({ stack, databaseUrl }) => {
  same<typeof databaseUrl, string>(true);
  stack.service("db").database();
  // @ts-expect-error no such service
  stack.service("apu");
});
// @ts-expect-error no such service
stackFixtures(stack, { database: "dc" });
same<
  ReturnType<typeof playwrightFixtures<"api" | "db", "API_URL" | "DATABASE_URL">>,
  ReturnType<typeof stackFixtures<"api" | "db", "API_URL" | "DATABASE_URL">>
>(true);
test.extend(stackFixtures(stack, { database: "db", per: "test", keepOnFailure: true }))(
  "a kept database's URL is a URL",
  ({ databaseUrl }) => same<typeof databaseUrl, string>(true),
);
// @ts-expect-error of no database
stackFixtures(stack, { keepOnFailure: true });
// @ts-expect-error no such service
playwrightFixtures(stack, { database: "dc", keepOnFailure: true });
test.extend(stackFixtures(stack))("without a database there is no URL of one", (fixtures) => {
  // @ts-expect-error no such fixture
  fixtures.databaseUrl;
});

createSetup({ stack, services: ["api"], databases: ["db"], prepared: 4 });
// @ts-expect-error a number of clones
createSetup({ stack, databases: ["db"], prepared: "50%" });
// @ts-expect-error no such service
createSetup({ stack, services: ["apu"] });
// @ts-expect-error no such service
createSetup({ stack, databases: ["dc"] });
// @ts-expect-error no such service
createGlobalFixtures({ stack, databases: ["dc"] });
// @ts-expect-error no such runtime
createGlobalFixtures({ stack, runtime: "podmen" });
// @ts-expect-error no such service
withStack({}, { stack, databases: ["dc"] });
withStack({ workers: "50%" }, { stack, databases: ["db"], prepared: 4 });
withStack({ webServer: { command: "node site.mjs" } }, { stack }).webServer[0]?.command;

async function inNodeTest() {
  const used = await useStack(stack);
  used.service("api");
  // @ts-expect-error no such service
  used.service("apu");
}
void inNodeTest;
