import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { isAbsence, isRefusal } from "../util/system-error.ts";

export interface ListeningSocket {
  readonly inode: string;
  readonly uid: number;
  /** Which of several gets a connection to 127.0.0.1: the one with the most precise address; undefined: never. */
  readonly rank: number | undefined;
}

/** The sockets that listen on the TCP port of this machine, on any address; none where there is no /proc. */
export function listeningSockets(port: number): readonly ListeningSocket[] {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const lines = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => readText(file).split("\n"));
  return lines.flatMap((line) => {
    const [, local = "", , state, , , , uid, , inode] = line.trim().split(/\s+/);
    if (state !== "0A" || !local.endsWith(`:${hex}`) || inode === undefined) return [];
    return [{ inode, uid: Number(uid), rank: rankOf(local.slice(0, -hex.length - 1)) }];
  });
}

/** Inodes of those that get the connections to 127.0.0.1. */
export function loopbackSockets(port: number): ReadonlySet<string> {
  const sockets = listeningSockets(port);
  const best = Math.max(...sockets.map(({ rank = -1 }) => rank));
  return new Set(sockets.filter(({ rank }) => rank === best).map(({ inode }) => inode));
}

/** Whether the process has one of the sockets; false also when this user may not see. */
export function hasSocket(pid: number, inodes: ReadonlySet<string>): boolean {
  const folder = `/proc/${pid}/fd`;
  return ifVisible(() => readdirSync(folder), []).some((descriptor) => {
    const link = ifVisible(() => readlinkSync(`${folder}/${descriptor}`), "");
    return inodes.has(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? "");
  });
}

/** The kernel writes addresses as words of this machine's byte order. */
function rankOf(address: string): number | undefined {
  const word = address.replace(/^0{16}(FFFF0000|0000FFFF)(?=.{8}$)/, "");
  if (word === "0100007F" || word === "7F000001") return 2;
  if (word === "00000000") return 1;
  return /^0{32}$/.test(word) ? 0 : undefined;
}

function readText(path: string): string {
  return ifVisible(() => readFileSync(path, "utf8"), "");
}

function ifVisible<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (isAbsence(error) || isRefusal(error)) return otherwise;
    throw error;
  }
}
