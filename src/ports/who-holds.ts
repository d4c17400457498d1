import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { readCommand, readEnviron } from "../util/process-table.ts";
import { userName } from "../util/users.ts";
import { visibleLine } from "../util/visible.ts";
import { hasSocket, listeningSockets } from "./listening-sockets.ts";
import { reservationName } from "./reserve-port.ts";

export interface PortHolder {
  /** undefined: it can't be seen by this user. */
  readonly pid: number | undefined;
  readonly command: string | undefined;
  readonly user: string | undefined;
  /** The container that it stands for, as far as the process tells. */
  readonly container: string | undefined;
  /** For people: `process 4711 (redis-server *:6379)`. */
  readonly text: string;
}

/** Who listens on the TCP port of this machine, on any address; undefined: nobody. */
export async function whoHolds(port: number): Promise<PortHolder | undefined> {
  if (process.platform !== "linux") return askLsof(port);
  const sockets = listeningSockets(port);
  if (sockets.length === 0) return undefined;
  const pid = ownerOfSocket(new Set(sockets.map((socket) => socket.inode)));
  return describeHolder(pid, userName(sockets[0]?.uid ?? -1));
}

/** Who has reserved the port without listening yet; undefined: nobody that can be seen. */
export function whoReserved(port: number): PortHolder | undefined {
  const name = `@${reservationName(port).slice(1)}`;
  const line = (readText("/proc/net/unix") ?? "").split("\n").find((each) => each.endsWith(name));
  const inode = line?.trim().split(/\s+/)[6];
  if (inode === undefined) return undefined;
  return describeHolder(ownerOfSocket(new Set([inode])), undefined);
}

function describeHolder(pid: number | undefined, user: string | undefined): PortHolder {
  if (pid === undefined) {
    const text = `another user's process${user === undefined ? "" : ` (user ${user})`}`;
    return { pid, command: undefined, user, container: undefined, text };
  }
  const command = readCommand(pid);
  const container = containerOf(pid, command ?? "");
  const run = readEnviron(pid)?.["ROLLCALL_RUN"];
  const details = [
    shorten(visibleLine(command ?? "unknown program")),
    ...(container === undefined ? [] : [`container ${container}`]),
    ...(run === undefined ? [] : [`rollcall run ${visibleLine(run)}`]),
  ];
  return { pid, command, user, container, text: `process ${pid} (${details.join(", ")})` };
}

/** docker-proxy names the container's address; what runs inside a container is told by its control group. */
export function containerOf(pid: number, command: string): string | undefined {
  const proxied = /docker-proxy .*-container-ip (\S+) -container-port (\d+)/.exec(command);
  if (proxied !== null) return `at ${proxied[1]}:${proxied[2]}`;
  const id = /(?:docker|libpod|crio|containerd)[-/:]([0-9a-f]{12})[0-9a-f]{52}/.exec(
    readText(`/proc/${pid}/cgroup`) ?? "",
  )?.[1];
  // The machine that rollcall itself runs on may be a container too.
  return id !== undefined && readText("/proc/self/cgroup")?.includes(id) ? undefined : id;
}

/** The first process by age that has one of the sockets: of a server that forks, the one that opened it. */
function ownerOfSocket(inodes: ReadonlySet<string>): number | undefined {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids
    .map(Number)
    .sort((a, b) => a - b)
    .find((pid) => hasSocket(pid, inodes));
}

function askLsof(port: number): Promise<PortHolder | undefined> {
  return new Promise((resolve) => {
    execFile("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpu"], (_error, stdout) => {
      const pid = /^p(\d+)/m.exec(stdout)?.[1];
      const uid = /^u(\d+)/m.exec(stdout)?.[1];
      resolve(pid === undefined ? undefined : describeHolder(Number(pid), uid && userName(Number(uid))));
    });
  });
}

function shorten(command: string): string {
  return command.length > 120 ? `${command.slice(0, 119)}…` : command;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
