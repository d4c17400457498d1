import { expect, test } from "vitest";
import { createDatabasePool } from "../../src/scope/database-pool.ts";
import { useSmallStack } from "./small-stack.ts";

const run = useSmallStack("db");
const db = () => run().service("db");

test("a server that has stopped answering holds up no disposal, no pool's end and so not the run's", async () => {
  const pool = await db().pool({ size: 4 });
  const database = await pool.database();
  await pool.warm();
  await using other = await createDatabasePool({ adminUrl: db().url() });
  await db().pause();
  const waiting = [
    // The second claims the next one ahead: nobody answers.
    other.database(),
    other.database(),
    pool.database(),
    pool.warm(9),
  ];
  const refused = Promise.allSettled(waiting);
  await database[Symbol.asyncDispose]();
  await other.close();
  await run().down();
  expect((await refused).map(({ status }) => status)).toEqual(waiting.map(() => "rejected"));
  expect(process.getActiveResourcesInfo()).not.toContain("TCPSocketWrap");
});
