import { RollcallError } from "../../errors/rollcall-error.ts";
import { whoHolds } from "../../ports/who-holds.ts";
import type { StartOrder } from "../types.ts";
import { EngineRefusal } from "./engine-refusal.ts";

const portTaken = /address already in use|port is already allocated|ports are not available/i;

/** What the engine's refusal to create or start a container means. */
export async function startFailure(error: unknown, { unit, ports }: StartOrder): Promise<unknown> {
  if (!(error instanceof EngineRefusal)) return error;
  const service = unit.name;
  if (portTaken.test(error.said)) {
    // The container's own address may stand beside it: `userland proxy: listen tcp4 127.0.0.1:5432: bind: …`
    const port = ports.find(({ host }) => error.said.includes(`:${host}`)) ?? ports[0];
    const holder = port === undefined ? undefined : await whoHolds(port.host);
    const who = holder === undefined ? "somebody who can't be seen" : holder.text;
    return new RollcallError("PORT_TAKEN", {
      service,
      message: `Port ${port?.host ?? "?"} of ${service} is held by ${who}.`,
      observed: error.said,
      cause: error,
    });
  }
  const hint = hintFor(error.said);
  return new RollcallError("START_FAILED", {
    service,
    message: `The engine could not start ${service}: ${error.said}`,
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}

function hintFor(said: string): string | undefined {
  if (/exec format error/i.test(said)) return "The image is for another architecture than this machine's.";
  if (/container-init binary not found/.test(said)) {
    return "Podman has no init program on this machine: install catatonit, or leave `init` out.";
  }
  if (/executable file not found|no such file or directory.*exec|exec:.*no such file/i.test(said)) {
    return "The command or entrypoint does not exist in the image.";
  }
  if (/operation not permitted.*rlimit|setrlimit|rlimit/i.test(said)) {
    return "This machine does not permit raising resource limits: lower the ulimits.";
  }
  if (/no space left/i.test(said)) return "The engine's disk is full.";
  return undefined;
}
