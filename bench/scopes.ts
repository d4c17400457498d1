import pg from "pg";
import { createDatabasePool, createRedisDatabase, type Run } from "rollcall";
import { limited } from "../src/util/limited.ts";
import { print, quantile, said, timed } from "./stats.ts";

const batch = 10;
/** On a busy machine fewer clones are measured. */
const cloningMs = 6_000;

/** What a worker waits for its own database. */
export async function benchScopes(run: Run, signal: AbortSignal): Promise<void> {
  const db = run.service("db");
  const pool = await createDatabasePool({ adminUrl: db.url() });
  const bare = await connectAdmin(db.url());
  const floors: number[] = [];
  const clones: number[] = [];
  const enough = limited(signal, cloningMs);
  for (let count = 0; count < 12 && !(enough.aborted && count > 0); count += 1) {
    floors.push(
      (await timed(() => bare.query(`CREATE DATABASE floor TEMPLATE ${pool.template} STRATEGY FILE_COPY`)))
        .ms,
    );
    await bare.query("DROP DATABASE floor");
    const { ms, result } = await timed(() => pool.database());
    clones.push(ms);
    await result.drop();
  }
  print("floor: bare CREATE DATABASE", figures(floors));
  print("PostgreSQL clone", `${figures(clones)}  (target: p50 ≤ 30 ms)`);

  const trips: number[] = [];
  const handOuts: number[] = [];
  while (handOuts.length < 200 && !(signal.aborted && handOuts.length > 0)) {
    await pool.warm(batch);
    for (let count = 0; count < batch; count += 1) {
      trips.push((await timed(() => bare.query("SELECT 1"))).ms);
      const { ms, result } = await timed(() => pool.database());
      handOuts.push(ms);
      await oneTest(result.url);
      await result.drop();
    }
  }
  print("floor: bare SELECT 1", figures(trips));
  print("PostgreSQL hand-out, warm pool", `${figures(handOuts)}  (targets: p50 ≤ 1 ms, p95 ≤ 5 ms)`);

  const resets: number[] = [];
  for (let count = 0; count < 5 && !signal.aborted; count += 1) {
    await pool.warm(1);
    resets.push((await timed(() => pool.reset())).ms);
  }
  if (resets.length > 0) print("PostgreSQL reset, one prepared", figures(resets));
  await pool.close();
  await bare.end();
  await benchRedis(run.service("cache").url());
}

async function connectAdmin(url: string): Promise<pg.Client> {
  const admin = new URL(url);
  admin.pathname = "/rollcall_admin";
  const client = new pg.Client({ connectionString: admin.href });
  await client.connect();
  return client;
}

async function oneTest(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("CREATE TABLE mine AS SELECT 1 AS one");
  await client.end();
}

async function benchRedis(url: string): Promise<void> {
  const claims: number[] = [];
  for (let count = 0; count < 50; count += 1) {
    const { ms, result } = await timed(() => createRedisDatabase({ url }));
    claims.push(ms);
    await result[Symbol.asyncDispose]();
  }
  print("Redis hand-out, numbered database", figures(claims));
}

function figures(values: readonly number[]): string {
  const [p50, p95] = [quantile(values, 0.5), quantile(values, 0.95)];
  return `p50 ${said(p50)}  p95 ${said(p95)}  n=${values.length}`;
}
