import type { Level } from "../stack/types.ts";
import type { Look } from "./types.ts";

export const ready = (level: Level, observed: string): Look => ({ verdict: "ready", level, observed });
export const notYet = (observed: string): Look => ({ verdict: "not-yet", observed });
export const wrong = (observed: string): Look => ({ verdict: "wrong", observed });

/** Thrown by a look whose signal was aborted. `waitingFor` completes "no answer within 1000 ms …". */
export class LookAborted extends Error {
  override readonly name = "LookAborted";
  readonly waitingFor: string;

  constructor(waitingFor: string) {
    super(waitingFor === "" ? "The look was given up." : `The look was given up: no answer ${waitingFor}`);
    this.waitingFor = waitingFor;
  }
}
