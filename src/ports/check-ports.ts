import { RollcallError } from "../errors/rollcall-error.ts";
import { canListen } from "./can-listen.ts";
import { type PortHolder, whoHolds, whoReserved } from "./who-holds.ts";

export interface TakenPort {
  readonly port: number;
  readonly reason: "taken" | "forbidden" | "reserved";
  /** undefined: nobody that can be seen. */
  readonly holder: PortHolder | undefined;
}

/** Why nothing may listen on the port now; undefined: it may. */
export async function checkPort(port: number): Promise<TakenPort | undefined> {
  const listenable = await canListen(port);
  if (listenable === "free") return undefined;
  const holder = listenable === "taken" ? await whoHolds(port) : undefined;
  return { port, reason: listenable, holder };
}

/** A port that another start has reserved and will listen on soon. */
export function reservedPort(port: number): TakenPort {
  return { port, reason: "reserved", holder: whoReserved(port) };
}

/** PORT_TAKEN, naming every port, who needs it and who has it. */
export function portsTakenError(
  taken: readonly TakenPort[],
  neededBy: ReadonlyMap<number, string> = new Map(),
): RollcallError {
  const lines = taken.map((each) => {
    const unit = neededBy.get(each.port);
    return `port ${each.port}${unit === undefined ? "" : ` of ${unit}`} ${describeTaken(each)}`;
  });
  const first = taken[0];
  return new RollcallError("PORT_TAKEN", {
    message: `${lines.join("; ")}.`.replace(/^p/, "P"),
    service: (first && neededBy.get(first.port)) ?? null,
    observed: first?.holder?.text ?? null,
    ...(first?.reason === "forbidden" && {
      hint: "Use a port from 1024 upwards, or --ports free.",
    }),
  });
}

function describeTaken({ reason, holder }: TakenPort): string {
  if (reason === "forbidden") return "may not be used by this user";
  const who = holder === undefined ? "somebody who can't be seen" : holder.text;
  return reason === "reserved" ? `is being taken by another start, ${who}` : `is held by ${who}`;
}
