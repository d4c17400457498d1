import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { RollcallError } from "../errors/rollcall-error.ts";
import { canListen } from "./can-listen.ts";
import { isReached } from "./is-reached.ts";
import { type PortReservation, reservePort } from "./reserve-port.ts";

const lowest = 20_000;
const tries = 200;

/** A free port, reserved. It lies below the range from which the kernel takes ports for outgoing connections. */
export async function findFreePort(): Promise<PortReservation> {
  const end = startOfEphemeralRange();
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const port = randomInt(lowest, end);
    const reservation = await reservePort(port);
    if (reservation === undefined) continue;
    if ((await canListen(port)) === "free" && (await isReached(port))) return reservation;
    reservation.release();
  }
  throw new RollcallError("PORT_TAKEN", {
    message: `No free port was found between ${lowest} and ${end - 1} (${tries} were tried).`,
    hint: "Stop what listens there, or give the services fixed ports.",
  });
}

function startOfEphemeralRange(): number {
  const usual = 32_768;
  try {
    const start = Number(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split(/\s+/)[0]);
    return start > lowest + 1000 ? Math.min(start, 65_536) : usual;
  } catch {
    return usual;
  }
}
