import { existsSync } from "node:fs";
import { join } from "node:path";
import { RollcallError } from "../../errors/rollcall-error.ts";
import type { Unit } from "../../stack/types.ts";
import type {
  Incarnation,
  Instance,
  InstanceRecord,
  Leftover,
  Place,
  RunIdentity,
  StartOrder,
} from "../types.ts";
import { adoptProcess } from "./adopt.ts";
import { endAtOnce } from "./end-processes.ts";
import type { ServerTrace } from "./members.ts";
import { describeProcess, findMembers } from "./members.ts";
import { describeSharedMemory, removeSharedMemory } from "./postgres/shared-memory.ts";
import { startPostgres } from "./postgres/start-postgres.ts";
import type { Programs } from "./programs.ts";
import { startRedis } from "./redis/start-redis.ts";
import { startCommand } from "./start-command.ts";
import { type Starting, startUnit } from "./start-unit.ts";
import { isOurs, readServers, removeTempDir } from "./temp-dir.ts";

type Cancelable = { readonly signal: AbortSignal };

/** This machine as the place of one run. */
export class ProcessPlace implements Place {
  readonly #run: RunIdentity;
  readonly #programs: Programs;
  /** Each started unit leads a process group. */
  readonly #groups = new Set<number>();

  constructor(run: RunIdentity, programs: Programs) {
    this.#run = run;
    this.#programs = programs;
  }

  async prepare(
    unit: Unit,
    options: Cancelable & { readonly progress: (text: string) => void },
  ): Promise<void> {
    options.signal.throwIfAborted();
    const { progress } = options;
    if (unit.process?.kind === "postgres") {
      const { version, major, source } = await this.#programs.postgres(options);
      const wanted = wantedMajor(unit);
      const differs = wanted !== undefined && wanted !== major;
      progress(`PostgreSQL ${version} from ${source}${differs ? `; its image has ${wanted}` : ""}`);
    }
    if (unit.process?.kind === "redis") {
      const { version, source } = await this.#programs.redis(options);
      progress(`Redis ${version} from ${source}`);
    }
  }

  setUp(): Promise<void> {
    return Promise.resolve();
  }

  async start(order: StartOrder, { signal }: Cancelable): Promise<Instance> {
    signal.throwIfAborted();
    const starting = await this.#howToStart(order, signal);
    signal.throwIfAborted();
    const instance = await startUnit(this.#run, order, starting);
    this.#follow(instance.incarnation);
    return instance;
  }

  async adopt(record: InstanceRecord): Promise<Instance | undefined> {
    this.#follow(record.incarnation);
    return adoptProcess(this.#run, record);
  }

  /** The system tells an exit code to the parent only. */
  exitOf(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** Nothing is made of sources here: a command is what its definition says. */
  isCurrent(): Promise<true> {
    return Promise.resolve(true);
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  async remove({ signal }: Cancelable): Promise<readonly Leftover[]> {
    const servers = readServers(this.#run);
    await endAtOnce({ find: () => this.#find(servers), groups: [...this.#groups], signal });
    if (this.#find(servers).length === 0 && !signal.aborted) {
      const removed = await Promise.all(
        servers.map(({ folder }) => removeSharedMemory(join(folder, "data"))),
      );
      if (!removed.includes(false)) await removeTempDir(this.#run);
    }
    return this.audit();
  }

  async audit(): Promise<readonly Leftover[]> {
    const servers = readServers(this.#run);
    const left: Leftover[] = this.#find(servers).map((entry) => ({
      kind: "process",
      text: describeProcess(entry),
    }));
    for (const { folder } of servers) {
      const text = describeSharedMemory(join(folder, "data"));
      if (text !== undefined) left.push({ kind: "memory", text });
    }
    const { tempDir } = this.#run;
    if (existsSync(tempDir) && isOurs(this.#run)) left.push({ kind: "folder", text: `folder ${tempDir}` });
    return left;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #follow({ pid }: Incarnation): void {
    if (pid !== undefined) this.#groups.add(pid);
  }

  #find(servers: readonly ServerTrace[]) {
    return findMembers({ runId: this.#run.id, unit: undefined, known: [], servers });
  }

  #howToStart(order: StartOrder, signal: AbortSignal): Promise<Starting> {
    const form = order.unit.process;
    const looking = { signal, progress: () => undefined };
    switch (form?.kind) {
      case "command":
        return startCommand(form, order);
      case "postgres":
        return startPostgres({
          form,
          order,
          run: this.#run,
          programs: this.#programs.postgres(looking),
          signal,
        });
      case "redis":
        return startRedis({ form, order, run: this.#run, program: this.#programs.redis(looking) });
      case undefined:
        throw new RollcallError("RUNTIME_UNSUITABLE", {
          service: order.unit.name,
          message: `${order.unit.name} has no process form.`,
        });
    }
  }
}

/** The version that the unit's image would have: `postgres:16-alpine`. */
function wantedMajor(unit: Unit): number | undefined {
  const image = unit.container?.image;
  const major = image?.kind === "image" ? /postgres(?:ql)?:(\d+)/.exec(image.reference)?.[1] : undefined;
  return major === undefined ? undefined : Number(major);
}
