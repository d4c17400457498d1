/**
 * What rollcall costs on this machine, one figure a line, in less than a minute: `npm run bench`.
 * Times of whole stacks are told beside the floor of the same moment, a bare postgres on a prepared folder.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineStack, loadStack, postgres, redis, up } from "rollcall";
import { prepareBarePostgres } from "./bare-postgres.ts";
import { benchScopes } from "./scopes.ts";
import { print, said, timed } from "./stats.ts";

/** Then hand-outs end, however many there were. */
const budgetMs = 30_000;
const root = join(import.meta.dirname, "..");

const signal = AbortSignal.timeout(budgetMs);
const dir = await mkdtemp(join(tmpdir(), "rollcall-bench-"));
const bare = await prepareBarePostgres();
try {
  const small = defineStack({ name: "bench", dir, services: { db: postgres(), cache: redis() } });
  await benchStack("HAPI", await loadStack(join(root, "stacks/hapi"), { cwd: root }));
  await benchStack("small stack", small, (run) => benchScopes(run, signal));
} finally {
  await bare.remove();
  await rm(dir, { recursive: true, force: true });
}

type Use = (run: Awaited<ReturnType<typeof up>>) => Promise<void>;

async function benchStack(name: string, stack: Parameters<typeof up>[0], use?: Use): Promise<void> {
  const floor = await bare.startAndStop();
  print("floor: bare postgres", `start ${said(floor.startMs)}  stop ${said(floor.stopMs)}`);
  const options = { runtime: "process", ports: "free", name: `bench-${process.pid}` } as const;
  const { ms: upMs, result: run } = await timed(() => up(stack, options));
  try {
    print(`${name}: up`, `${said(upMs)}  ${ratio(upMs, floor.startMs)}`);
    await use?.(run);
  } finally {
    const { ms: downMs } = await timed(() => run.down());
    print(`${name}: down`, `${said(downMs)}  ${ratio(downMs, floor.stopMs)}`);
  }
}

function ratio(ms: number, floorMs: number): string {
  return `${(ms / floorMs).toFixed(1)} × the floor`;
}
