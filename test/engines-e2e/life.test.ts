import pg from "pg";
import { expect, test } from "vitest";
import { describeEngines } from "../engines/engines.ts";
import { onScene, type Scene } from "./scene.ts";
import { busybox, nodeImage, postgresImage } from "./units.ts";

const server = `
import { createServer } from "node:http";
import { connect } from "node:net";
const { REDIS_HOST, REDIS_PORT, DATABASE_URL } = process.env;
// Both must be there when this begins: an error ends it.
const redis = connect(Number(REDIS_PORT), REDIS_HOST, () => redis.write("PING\\r\\n"));
redis.once("data", (answer) => {
  console.log("redis says", String(answer).trim());
  createServer((_, response) => response.end(JSON.stringify({ DATABASE_URL, REDIS_HOST }))).listen(8080);
});
process.on("SIGTERM", () => process.exit(0));
`;

async function shop(scene: Scene) {
  await scene.write({
    "migrations/001.sql": "CREATE TABLE books (title text);\n",
    "migrations/002.sql": "INSERT INTO books VALUES ('Momo');\n",
    "web/Containerfile": `FROM ${nodeImage}\nCOPY server.mjs /srv/\nCMD ["node", "/srv/server.mjs"]\n`,
    "web/server.mjs": server,
  });
  const migrate = "set -e; for file in /migrations/*.sql; do psql -v ON_ERROR_STOP=1 -f $file; done";
  return scene.define(
    {
      db: { recipe: "postgres", user: "shop", password: "pass-of-shop", database: "shop", budget: "90s" },
      cache: { recipe: "redis", budget: "90s" },
      migrate: {
        task: true,
        image: postgresImage,
        command: ["sh", "-c", migrate],
        env: { PGHOST: "${db.host}", PGPORT: "${db.port}", PGUSER: "shop", PGPASSWORD: "pass-of-shop" },
        files: [{ copy: "migrations", target: "/migrations" }],
        budget: "90s",
      },
      web: {
        build: "web",
        env: { DATABASE_URL: "${db.url}", REDIS_HOST: "${cache.host}", REDIS_PORT: "${cache.port}" },
        ports: { http: { container: 8080, host: "free", scheme: "http" } },
        after: ["migrate"],
        ready: { http: "/" },
        budget: "90s",
      },
    },
    { exports: { DATABASE_URL: "${db.url}", WEB_URL: "${web.url}" } },
  );
}

describeEngines("A whole stack", (engine) => {
  test(
    "is brought up by one command, looked at by others, and taken down by another",
    onScene(engine, async (scene) => {
      await shop(scene);
      const options = ["--runtime", engine.kind, "--timeout", "150s"];
      const up = JSON.parse(await scene.cli("up", ...options, "--json").said());
      expect(up).toMatchObject({ runtime: engine.kind, state: "ready" });
      expect(
        up.services.map(({ name, state }: { name: string; state: string }) => `${name} ${state}`),
      ).toEqual(["db ready", "cache ready", "migrate completed", "web ready"]);
      await scene.containers();

      const { DATABASE_URL, WEB_URL } = up.env;
      expect(DATABASE_URL).toMatch(/^postgresql:\/\/shop:[^@]+@127\.0\.0\.1:\d+\/shop$/);
      const inside = (await (await fetch(WEB_URL)).json()) as Record<string, string>;
      expect(inside["DATABASE_URL"]).toMatch(/@db:5432\/shop$/);
      expect(inside["REDIS_HOST"]).toBe("cache");
      const client = new pg.Client({ connectionString: DATABASE_URL });
      await client.connect();
      expect((await client.query("SELECT title FROM books")).rows).toEqual([{ title: "Momo" }]);
      await client.end();

      const status = JSON.parse(await scene.cli("status", "--json").said());
      expect(status).toMatchObject({ run: up.run, state: "ready" });
      expect(await scene.cli("logs", "web").said()).toContain("redis says +PONG");
      expect(await scene.cli("exec", "cache", "--", "redis-cli", "ping").said()).toBe("PONG\n");
      expect((await scene.cli("exec", "db", "--", "sh", "-c", "exit 7").ended).code).toBe(7);
      expect(await scene.cli("env", "--format", "dotenv").said()).toContain(`WEB_URL=${WEB_URL}`);
      expect((await scene.cli("up", ...options, "--json").ended).code).toBe(0);

      expect((await scene.cli("down").ended).code).toBe(0);
      expect((await scene.cli("status").ended).code).toBe(3);
    }),
    180_000,
  );

  test(
    "leaves what others have under names like its own as it was",
    onScene(engine, async (scene) => {
      const { name, remove } = await foreign(scene);
      scene.onEnd(remove);
      const stack = await shop(scene);
      const run = await scene.up(stack, { ports: "free", timeoutMs: 150_000 });
      await scene.containers();
      await run.down();
      for (const id of await name("container")) {
        expect((await scene.engine.getContainer(id).inspect()).State.Running).toBe(true);
      }
      for (const id of await name("network")) await scene.engine.getNetwork(id).inspect();
      for (const id of await name("volume")) await scene.engine.getVolume(id).inspect();
    }),
    180_000,
  );
});

/** Somebody else's objects: named after services and stack, one even labelled like those of rollcall. */
async function foreign(scene: Scene) {
  const mark = scene.dir.slice(-6).toLowerCase();
  const names = [`e2e-${mark}`, `rollcall-e2e-db-${mark}`];
  const Labels = { "dev.rollcall.stack": "e2e", "dev.rollcall.unit": "db" };
  const made = { container: names, network: names, volume: names };
  for (const name of names) {
    await scene.engine.createNetwork({ Name: name, Labels });
    await scene.engine.createVolume({ Name: name, Labels });
    const container = await scene.engine.createContainer({
      name,
      Image: busybox,
      Cmd: ["sleep", "600"],
      Labels,
      HostConfig: { NetworkMode: name, Mounts: [{ Type: "volume", Source: name, Target: "/data" }] },
    });
    await container.start();
  }
  return {
    name: async (kind: keyof typeof made) => made[kind],
    async remove() {
      for (const name of names) {
        await scene.engine.getContainer(name).remove({ force: true });
        await scene.engine.getNetwork(name).remove();
        await scene.engine.getVolume(name).remove();
      }
    },
  };
}
