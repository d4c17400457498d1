import type { Exit, Incarnation, Instance } from "../../src/runtime/types.ts";

export class SimulatedInstance implements Instance {
  readonly unit: string;
  readonly madeMs: number;
  readonly incarnation: Incarnation;
  readonly exited: Promise<Exit>;
  end: Exit | undefined;
  tell: (exit: Exit) => void = () => {};
  /** Somebody asked for it when it had ended. */
  onMissed: () => void = () => {};

  constructor(unit: string, number: number, madeMs = 0) {
    this.unit = unit;
    this.madeMs = madeMs;
    this.incarnation = { id: `${unit}#${number}`, pid: number, startTime: String(number) };
    this.exited = new Promise((resolve) => {
      this.tell = resolve;
    });
  }

  get record() {
    return { unit: this.unit, incarnation: this.incarnation, detail: null };
  }

  address() {
    return undefined;
  }

  async alive() {
    if (this.end === undefined) return this.incarnation;
    this.onMissed();
    return undefined;
  }

  async exec() {
    return { exitCode: 0, output: "" };
  }

  async stop(): Promise<Exit> {
    return this.kill();
  }

  async kill(): Promise<Exit> {
    this.end ??= { exitCode: null, signal: "SIGKILL", oomKilled: false };
    this.tell(this.end);
    return this.end;
  }

  async pause() {}
  async resume() {}

  async inspect() {
    return null;
  }

  close() {}
}
