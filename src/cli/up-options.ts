import type { UpOptions } from "../run/types.ts";
import type { StartOptions } from "./options.ts";
import type { Session } from "./session.ts";

/** The library's options from the command line's. */
export function upOptions(options: StartOptions, session: Session): UpOptions {
  return {
    ...(options.runtime === undefined ? {} : { runtime: options.runtime }),
    ...(options.order === undefined ? {} : { order: options.order }),
    ...(options.ports === undefined ? {} : { ports: options.ports }),
    ...(options.timeout === undefined ? {} : { timeoutMs: options.timeout }),
    ...(options.name === undefined ? {} : { name: options.name }),
    keepOnFailure: options.keepOnFailure === true,
    signal: session.signal,
    now: session.now,
    onEvent: (event) => session.reporter.on(event),
  };
}
