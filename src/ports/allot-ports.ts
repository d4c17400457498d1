import type { PublishedPort } from "../runtime/types.ts";
import type { Port, Unit } from "../stack/types.ts";
import { checkPort, portsTakenError, reservedPort, type TakenPort } from "./check-ports.ts";
import { findFreePort } from "./find-free-port.ts";
import { type PortReservation, reservePort } from "./reserve-port.ts";

export interface PortAllotment {
  /** By unit; a unit without ports has an empty list. */
  readonly ports: ReadonlyMap<string, readonly PublishedPort[]>;
  /** Ends the reservations: once everything listens, or when the start is given up. Idempotent. */
  release(): void;
}

/**
 * Host ports for all of the units, or for none. `free`: every port is any free one, whatever the definition says.
 * They stay reserved on this host until `release`. Throws PORT_TAKEN naming every port that is held, and by whom.
 */
export async function allotPorts(
  units: readonly Pick<Unit, "name" | "ports">[],
  mode: "fixed" | "free",
): Promise<PortAllotment> {
  const reservations: PortReservation[] = [];
  const taken: TakenPort[] = [];
  const neededBy = new Map<number, string>();
  const release = (): void => {
    for (const reservation of reservations.splice(0)) reservation.release();
  };
  try {
    const requests = units.flatMap((unit) =>
      unit.ports.map((port) => ({
        unit: unit.name,
        port,
        wanted: mode === "free" ? ("free" as const) : port.host,
      })),
    );
    const hosts = new Map<Port, number>();
    // Fixed ones first: a free one must not happen to take them.
    for (const { unit, port, wanted } of requests) {
      if (wanted === "free") continue;
      neededBy.set(wanted, unit);
      const got = await takeFixed(wanted);
      if (!("release" in got)) {
        taken.push(got);
        continue;
      }
      reservations.push(got);
      hosts.set(port, wanted);
    }
    if (taken.length > 0) throw portsTakenError(taken, neededBy);
    for (const { port } of requests.filter(({ wanted }) => wanted === "free")) {
      const reservation = await findFreePort();
      reservations.push(reservation);
      hosts.set(port, reservation.port);
    }
    return { ports: publish(units, hosts), release };
  } catch (error) {
    release();
    throw error;
  }
}

function publish(
  units: readonly Pick<Unit, "name" | "ports">[],
  hosts: ReadonlyMap<Port, number>,
): ReadonlyMap<string, readonly PublishedPort[]> {
  return new Map(
    units.map((unit) => [
      unit.name,
      unit.ports.map((port) => ({
        name: port.name,
        container: port.container,
        host: hosts.get(port) ?? port.container,
      })),
    ]),
  );
}

async function takeFixed(port: number): Promise<PortReservation | TakenPort> {
  const reservation = await reservePort(port);
  if (reservation === undefined) return reservedPort(port);
  const taken = await checkPort(port);
  if (taken === undefined) return reservation;
  reservation.release();
  return taken;
}
