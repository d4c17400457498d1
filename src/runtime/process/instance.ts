import { RollcallError } from "../../errors/rollcall-error.ts";
import type { Address } from "../../probe/types.ts";
import type { StopPolicy } from "../../stack/types.ts";
import type { Json } from "../../util/json.ts";
import { isSame, type ProcessEntry, readCommand, readCwd } from "../../util/process-table.ts";
import type { Exit, Incarnation, Instance, InstanceRecord } from "../types.ts";
import { type Detail, detailAsJson } from "./detail.ts";
import { endAtOnce, endGently, signalGroup, signalProcess, stopAll } from "./end-processes.ts";
import { type ExecOptions, execBeside } from "./exec-beside.ts";
import { baseEnvironment, marksOf } from "./marks.ts";
import { describeProcess, findMembers } from "./members.ts";
import { strangerOn } from "./stranger-on.ts";

export interface InstanceParts {
  readonly runId: string;
  readonly unit: string;
  readonly incarnation: Incarnation & { readonly pid: number };
  readonly logFrom: number;
  readonly detail: Detail;
  readonly exited: Promise<Exit>;
  /** Read when a command is run beside it. */
  readonly env: () => Readonly<Record<string, string>>;
  readonly close: () => void;
}

/** One started unit: its leader, and all that came from it. */
export class ProcessInstance implements Instance {
  readonly unit: string;
  readonly incarnation: Incarnation;
  readonly record: InstanceRecord;
  readonly exited: Promise<Exit>;
  readonly #parts: InstanceParts;
  readonly #leader: { readonly pid: number; readonly startTime: string };
  #followed: readonly ProcessEntry[] = [];
  #leftSession: number | undefined;
  #stopped: Promise<Exit> | undefined;
  #killed: Promise<Exit> | undefined;

  constructor(parts: InstanceParts) {
    const { unit, incarnation, logFrom, detail } = parts;
    this.unit = unit;
    this.incarnation = incarnation;
    this.record = { unit, incarnation, logFrom, detail: detailAsJson(detail) };
    this.#parts = parts;
    this.#leader = { pid: incarnation.pid, startTime: incarnation.startTime };
    // As long as anybody is left in its session, its number is not given away: they are followed from here on.
    this.exited = parts.exited.then((exit) => {
      this.#leftSession = this.#leader.pid;
      this.#followIfSeen();
      return exit;
    });
  }

  address(port: string): Address | undefined {
    const published = this.#parts.detail.ports.find(({ name }) => name === port);
    return published && { host: "127.0.0.1", port: published.host };
  }

  async strangerOn(port: string): Promise<string | undefined> {
    const address = this.address(port);
    if (address === undefined) return undefined;
    const { runId } = this.#parts;
    return strangerOn(address.port, { runId, leader: this.#leader, members: () => this.#find() });
  }

  async alive(): Promise<Incarnation | undefined> {
    return isSame(this.#leader) ? this.incarnation : undefined;
  }

  exec(argv: readonly string[], options: ExecOptions) {
    const { detail, runId } = this.#parts;
    const env = { ...baseEnvironment(), ...this.#parts.env(), ...options.env };
    if (detail.binDir !== undefined) env["PATH"] = `${detail.binDir}:${env["PATH"] ?? ""}`;
    const marks = marksOf({ id: runId }, this.unit);
    return execBeside(argv, { ...options, cwd: detail.cwd, env, marks });
  }

  stop(policy: StopPolicy): Promise<Exit> {
    const asked = new Set<number>();
    this.#stopped ??= this.#end(() =>
      endGently(
        { find: () => this.#find(), groups: [this.#leader.pid] },
        (found) => this.#ask(found, policy.signal, asked),
        policy.graceMs,
      ),
    );
    return this.#stopped;
  }

  kill(): Promise<Exit> {
    this.#killed ??= this.#end(() => endAtOnce({ find: () => this.#find(), groups: [this.#leader.pid] }));
    return this.#killed;
  }

  async pause(): Promise<void> {
    await stopAll(() => this.#find());
  }

  async resume(): Promise<void> {
    for (const entry of this.#find()) signalProcess(entry, "SIGCONT");
  }

  async inspect(): Promise<Json> {
    const processes = this.#find().map((entry) => ({
      pid: entry.pid,
      ppid: entry.ppid,
      session: entry.session,
      state: entry.state,
      startTime: entry.startTime,
      name: entry.name,
      cwd: readCwd(entry.pid) ?? null,
      // What a service is given on its command line may hold secrets: only servers that we start ourselves are safe.
      command: this.#parts.detail.kind === "command" ? null : (readCommand(entry.pid) ?? null),
    }));
    return { ...this.#recordAsJson(), processes };
  }

  close(): void {
    this.#parts.close();
  }

  #recordAsJson(): { readonly [key: string]: Json } {
    const { id, pid, startTime } = this.incarnation;
    return { unit: this.unit, incarnation: { id, pid: pid ?? null, startTime }, detail: this.record.detail };
  }

  /**
   * A server is asked at its leader, which ends the others in its own way; a command at its whole group. Who left the
   * group is the leader's to end as long as it lives, and asked when it does not. Nobody is asked twice.
   */
  #ask(found: readonly ProcessEntry[], signal: NodeJS.Signals, asked: Set<number>): void {
    const leader = found.find(({ pid }) => pid === this.#leader.pid);
    const wholeGroup = leader !== undefined && this.#parts.detail.kind === "command";
    const grouped = (entry: ProcessEntry) => wholeGroup && entry.pgid === leader.pgid;
    if (wholeGroup && !asked.has(leader.pid)) {
      signalGroup(leader, signal);
      for (const entry of found.filter(grouped)) asked.add(entry.pid);
    }
    for (const entry of leader === undefined ? found : [leader]) {
      if (!asked.has(entry.pid)) signalProcess(entry, signal);
      asked.add(entry.pid);
    }
    for (const entry of found.filter(({ state }) => state === "T")) signalProcess(entry, "SIGCONT");
  }

  /** Otherwise the next look does it. */
  #followIfSeen(): void {
    try {
      this.#find();
    } catch {
      // The system is short of something; who waits for the end must get it.
    }
  }

  #find(): readonly ProcessEntry[] {
    const found = findMembers({
      runId: this.#parts.runId,
      unit: this.unit,
      known: [this.#leader, ...this.#followed],
      session: this.#leftSession,
      servers: this.#parts.detail.server === undefined ? [] : [this.#parts.detail.server],
    });
    this.#followed = found;
    this.#leftSession = undefined;
    return found;
  }

  async #end(end: () => Promise<readonly ProcessEntry[]>): Promise<Exit> {
    // The handles of the child don't keep this process alive; whoever waits for its end does.
    const awake = setInterval(() => undefined, 60_000);
    try {
      return await this.#endAwake(end);
    } finally {
      clearInterval(awake);
    }
  }

  async #endAwake(end: () => Promise<readonly ProcessEntry[]>): Promise<Exit> {
    const left = await end();
    if (left.length > 0) {
      throw new RollcallError("STOP_FAILED", {
        service: this.unit,
        message: `${this.unit} does not end: ${left.map(describeProcess).join(", ")}.`,
        hint: "They ignore even SIGKILL, or belong to another user: look at them with `ps`, end them by hand.",
      });
    }
    return this.exited;
  }
}
