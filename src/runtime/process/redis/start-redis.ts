import { mkdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RedisProcess } from "../../../stack/types.ts";
import type { RunIdentity, StartOrder } from "../../types.ts";
import { firstPort } from "../first-port.ts";
import type { Starting } from "../start-unit.ts";
import { makeUnitDir, noteServer } from "../temp-dir.ts";
import { redisConfig } from "./config.ts";
import { type RedisProgram, redisEnvironment } from "./find-redis.ts";

export async function startRedis(starting: {
  readonly form: RedisProcess;
  readonly order: StartOrder;
  readonly run: RunIdentity;
  readonly program: Promise<RedisProgram>;
}): Promise<Starting> {
  const { form, order, run } = starting;
  const found = await starting.program;
  const unitDir = realpathSync(makeUnitDir(run, order.unit.name));
  const dir = join(unitDir, "data");
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return {
    kind: "redis",
    argv: [found.program, "-"],
    cwd: dir,
    env: { ...redisEnvironment(found), ...order.env },
    input: redisConfig(form, { port: firstPort(order), dir }),
    binDir: dirname(found.program),
    server: noteServer(unitDir, realpathSync(found.program)),
  };
}
