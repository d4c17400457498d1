import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { RunEvent } from "../../src/journal/events.ts";
import type { Run, UpOptions } from "../../src/run/types.ts";
import type { RuntimeKind } from "../../src/runtime/types.ts";
import type { RawUnit } from "../../src/stack/raw.ts";
import type { Stack } from "../../src/stack/types.ts";
import type * as Rollcall from "./entry.ts";

export const bundleDir = () => process.env["ROLLCALL_FAULTS_BUNDLE"] ?? "";
export const rollcall: typeof Rollcall = await import(pathToFileURL(join(bundleDir(), "index.js")).href);

export type Units = Readonly<Record<string, RawUnit>>;

/** Where one fault is played: a folder with a stack of its own, on one runtime. */
export class Stage {
  readonly kind: RuntimeKind;
  readonly dir = realpathSync(mkdtempSync(join(tmpdir(), "rollcall-fault-")));
  readonly events: RunEvent[] = [];
  /** When the fault became visible, in milliseconds since 1970; undefined: nobody knows. */
  visibleAt: number | undefined;
  /** When it was told. */
  toldAt: number | undefined;
  /** Its record was changed by hand: what the journal then says of the end is not to be trusted. */
  tampered = false;
  readonly #listeners = new Set<() => void>();
  readonly #cleanups: (() => unknown)[] = [];

  constructor(kind: RuntimeKind) {
    this.kind = kind;
  }

  get onProcesses(): boolean {
    return this.kind === "process";
  }

  /** Writes the stack's file and reads it as a user's would be. */
  async define(services: Units, more: object = {}): Promise<Stack> {
    const file = join(this.dir, "rollcall.yaml");
    writeFileSync(file, JSON.stringify({ name: "fault", services, ...more }));
    return rollcall.loadStack(file, { cwd: this.dir });
  }

  up(stack: Stack, options: UpOptions = {}): Promise<Run> {
    return rollcall.up(stack, {
      runtime: this.kind,
      ...options,
      onEvent: (event) => {
        this.events.push(event);
        for (const listener of [...this.#listeners]) listener();
        options.onEvent?.(event);
      },
    });
  }

  /** The first event that fits, now or later. */
  happened<Type extends RunEvent["type"]>(
    type: Type,
    service?: string,
  ): Promise<Extract<RunEvent, { type: Type }>> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.events.find(
          (event) =>
            event.type === type &&
            (service === undefined || ("service" in event && event.service === service)),
        );
        if (found === undefined) return;
        this.#listeners.delete(look);
        resolve(found as Extract<RunEvent, { type: Type }>);
      };
      this.#listeners.add(look);
      look();
    });
  }

  event<Type extends RunEvent["type"]>(
    type: Type,
    service?: string,
  ): Extract<RunEvent, { type: Type }> | undefined {
    return this.events.find(
      (event) =>
        event.type === type && (service === undefined || ("service" in event && event.service === service)),
    ) as Extract<RunEvent, { type: Type }> | undefined;
  }

  get runId(): string {
    return this.event("run.started")?.run ?? "";
  }

  get runDir(): string {
    return join(this.dir, ".rollcall/runs", this.runId);
  }

  /** The moment that the unit itself wrote down; undefined: it wrote none. */
  markOf(unit: string): number | undefined {
    const file = join(this.runDir, "logs", `${unit}.log`);
    if (!existsSync(file)) return undefined;
    const mark = [...readFileSync(file, "utf8").matchAll(/^FAULT (\d+)/gm)].at(-1)?.[1];
    return mark === undefined ? undefined : Number(mark);
  }

  /** A port that is held by this test, which stands for somebody else. */
  async holdPort(): Promise<{ readonly port: number; readonly server: Server }> {
    const server = createServer((socket) => socket.on("error", () => {}).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.onEnd(() => new Promise((resolve) => server.close(resolve)));
    const address = server.address();
    return { port: typeof address === "object" && address !== null ? address.port : 0, server };
  }

  onEnd(cleanup: () => unknown): void {
    this.#cleanups.unshift(cleanup);
  }

  async clear(): Promise<void> {
    for (const cleanup of this.#cleanups) await cleanup();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
