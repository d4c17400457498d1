import { RollcallError } from "../../errors/rollcall-error.ts";
import type { Address, ExecResult } from "../../probe/types.ts";
import type { StopPolicy } from "../../stack/types.ts";
import type { Json } from "../../util/json.ts";
import type { Exit, Incarnation, Instance, InstanceRecord } from "../types.ts";
import { type Engine, noLimitMs } from "./engine.ts";
import { EngineRefusal, isMissing } from "./engine-refusal.ts";
import type { ContainerDetails } from "./engine-types.ts";
import { execInherited, execInside } from "./exec.ts";
import { type ExitWatch, untilEnded } from "./exit-watch.ts";
import type { InstanceDetail } from "./instance-detail.ts";
import { copyLog, followLog, type LogFollower, type LogSource } from "./log-follower.ts";
import { asEngineFailure } from "./shared-objects.ts";

/** How long the last lines may take to arrive on their own once the container has ended. */
const lastLinesMs = 100;
const copyLimitMs = 10_000;
const killLimitMs = 30_000;

export interface Started {
  readonly engine: Engine;
  readonly kind: "podman" | "docker";
  readonly unit: string;
  readonly details: ContainerDetails;
  readonly logFrom: number;
  readonly detail: InstanceDetail;
  readonly watch: ExitWatch;
}

/** One start of one container. */
export class ContainerInstance implements Instance {
  readonly unit: string;
  readonly incarnation: Incarnation;
  readonly record: InstanceRecord;
  readonly exited: Promise<Exit>;
  readonly #engine: Engine;
  readonly #id: string;
  readonly #detail: InstanceDetail;
  readonly #watch: ExitWatch;
  readonly #log: LogSource;
  readonly #follower: LogFollower;
  readonly #endsEarly: boolean;

  constructor({ engine, kind, unit, details, logFrom, detail, watch }: Started) {
    this.unit = unit;
    this.incarnation = incarnationOf(details);
    const { incarnation } = this;
    this.record = { unit, incarnation, logFrom, detail: { ...detail } as unknown as Json };
    this.#engine = engine;
    this.#id = details.Id;
    this.#detail = detail;
    this.#watch = watch;
    this.#log = { engine, container: details.Id, tty: details.Config.Tty, file: detail.log };
    this.#follower = followLog(this.#log);
    this.#endsEarly = kind === "podman";
    this.exited = watch.exited.then(async (exit) => {
      await this.#completeLog();
      return exit;
    });
  }

  address(port: string): Address | undefined {
    const published = this.#detail.ports.find(({ name }) => name === port);
    return published && { host: "127.0.0.1", port: published.host };
  }

  async alive(): Promise<Incarnation | undefined> {
    const details = await this.#details();
    if (details === undefined) return undefined;
    return details.State.Running || details.State.Paused ? incarnationOf(details) : undefined;
  }

  exec(
    argv: readonly string[],
    options: {
      readonly signal: AbortSignal;
      readonly env?: Readonly<Record<string, string>>;
      readonly stdio?: "inherit";
    },
  ): Promise<ExecResult> {
    const run = options.stdio === "inherit" ? execInherited : execInside;
    const request = { argv, env: options.env, signal: options.signal };
    return run(this.#engine, this.#id, request).catch((error: unknown) => {
      throw asEngineFailure(error, `${argv[0]} could not be run in ${this.unit}`);
    });
  }

  async stop({ signal, graceMs }: StopPolicy): Promise<Exit> {
    if (!(await this.#signal(signal))) return this.exited;
    this.#lookOften();
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), graceMs);
    });
    const exit = await Promise.race([this.exited, grace]);
    clearTimeout(timer);
    return exit ?? this.kill();
  }

  async kill(): Promise<Exit> {
    await this.#signal("SIGKILL");
    this.#lookOften();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const message = `${this.unit}: the container ${this.#id.slice(0, 12)} does not end, even after SIGKILL.`;
      timer = setTimeout(
        () => reject(new RollcallError("STOP_FAILED", { service: this.unit, message })),
        killLimitMs,
      );
    });
    try {
      return await Promise.race([this.exited, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async pause(): Promise<void> {
    await this.#post("pause");
  }

  async resume(): Promise<void> {
    await this.#post("unpause");
  }

  /** Values of the environment are left out: some are secrets. */
  async inspect(): Promise<Json> {
    const details = await this.#details();
    if (details === undefined) return null;
    const Env = details.Config.Env?.map((entry) => `${entry.split("=", 1)[0]}=…`);
    return { ...details, Config: { ...details.Config, Env } } as unknown as Json;
  }

  async catchUpLog(): Promise<void> {
    await copyLog(this.#log, { follow: false, signal: AbortSignal.timeout(copyLimitMs) });
  }

  close(): void {
    this.#watch.close();
    this.#follower.close();
  }

  async #post(action: "pause" | "unpause"): Promise<void> {
    try {
      await this.#engine.request("POST", `/containers/${this.#id}/${action}`);
    } catch (error) {
      throw asEngineFailure(error, `${this.unit} could not be ${action}d`);
    }
  }

  /** Its end is near. */
  #lookOften(): void {
    untilEnded(this.#engine, this.#id, { signal: this.#watch.closed, limitMs: noLimitMs })
      .then(() => this.#watch.look())
      // The watch itself tells what went wrong.
      .catch(() => {});
  }

  /** False: there is nothing to signal any more. */
  async #signal(signal: NodeJS.Signals): Promise<boolean> {
    const details = await this.#details();
    if (details === undefined || !(details.State.Running || details.State.Paused)) return false;
    // Docker refuses to signal what is paused, and what is paused could not heed it.
    if (details.State.Paused) await this.resume().catch(() => {});
    try {
      await this.#engine.request("POST", `/containers/${this.#id}/kill`, { query: { signal } });
      return true;
    } catch (error) {
      // It ended between the look and the signal.
      if (error instanceof EngineRefusal && [404, 409, 500].includes(error.status)) {
        const now = await this.#details();
        if (now === undefined || !now.State.Running) return false;
      }
      throw asEngineFailure(error, `${signal} could not be sent to ${this.unit}`);
    }
  }

  async #details(): Promise<ContainerDetails | undefined> {
    try {
      return await this.#engine.get<ContainerDetails>(`/containers/${this.#id}/json`);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw asEngineFailure(error, `The container of ${this.unit} could not be looked at`);
    }
  }

  async #completeLog(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const soon = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), lastLinesMs);
    });
    // Podman ends the stream when the container has ended, not when all of its log has been sent.
    const complete = this.#endsEarly ? false : await Promise.race([this.#follower.ended, soon]);
    clearTimeout(timer);
    this.#follower.close();
    if (!complete) await copyLog(this.#log, { follow: false, signal: AbortSignal.timeout(copyLimitMs) });
  }
}

export function incarnationOf({ Id, State }: ContainerDetails): Incarnation {
  return { id: Id, pid: State.Pid > 0 ? State.Pid : undefined, startTime: State.StartedAt };
}
