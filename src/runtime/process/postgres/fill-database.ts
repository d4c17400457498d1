import type { ChildProcess } from "node:child_process";
import { chownSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { RollcallError } from "../../../errors/rollcall-error.ts";
import { makeSocketDir } from "../temp-dir.ts";
import { askTool, startTool } from "../tool.ts";
import type { ClusterOrder } from "./make-cluster.ts";
import { splitSql } from "./split-sql.ts";

/** Only part of the socket's name. */
const socketPort = 5432;
/** So long a server may take to end whose data are not wanted any more. */
const quitLimitMs = 5000;

/**
 * Creates the database and runs the init files, on a server that can only be reached through a socket in a folder of
 * its own: nobody can take it for the real one.
 */
export async function fillDatabase(order: ClusterOrder, dataDir: string): Promise<void> {
  const { form, programs, signal } = order;
  if (form.database === "postgres" && form.initSql.length === 0) return;
  const socketDir = makeSocketDir(order.unitDir);
  if (order.user !== undefined) chownSync(socketDir, order.user.uid, order.user.gid);
  let server: SocketServer | undefined;
  try {
    server = await startSocketServer(order, dataDir, socketDir);
    if (form.database !== "postgres") {
      // Copying the template's files is several times faster than logging every page.
      const strategy = programs.major >= 15 ? " STRATEGY FILE_COPY" : "";
      const name = pg.escapeIdentifier(form.database);
      await withClient(socketDir, form.user, "postgres", signal, async (client) => {
        await client.query(`CREATE DATABASE ${name}${strategy}`);
      });
    }
    if (form.initSql.length > 0) {
      await withClient(socketDir, form.user, form.database, signal, async (client) => {
        for (const file of form.initSql) await runFile(client, file, order);
      });
    }
    await server.stop();
  } finally {
    await server?.quit();
    await rm(socketDir, { recursive: true, force: true });
  }
  signal.throwIfAborted();
}

interface SocketServer {
  /** A fast shutdown; its data is complete on disk afterwards. */
  stop(): Promise<void>;
  /** An immediate shutdown, harmless after `stop`: unlike a kill, it leaves no shared memory. */
  quit(): Promise<void>;
}

/** Resolves when the server says that it takes connections: it tells us itself, nothing is polled. */
function startSocketServer(order: ClusterOrder, dataDir: string, socketDir: string): Promise<SocketServer> {
  const { programs, env, user, signal, unit } = order;
  const switches = [
    "listen_addresses=",
    `unix_socket_directories=${socketDir}`,
    `port=${socketPort}`,
    "fsync=off",
    "dynamic_shared_memory_type=mmap",
  ];
  const quit = (child: ChildProcess): void => askTool(child, "SIGQUIT", quitLimitMs);
  return new Promise((resolve, reject) => {
    let output = "";
    const { child, ended } = startTool({
      argv: [
        join(programs.binDir, "postgres"),
        ...["-D", dataDir],
        ...switches.flatMap((each) => ["-c", each]),
      ],
      cwd: dataDir,
      env,
      user,
      signal,
      end: quit,
      onOutput: (text) => {
        output = (output + text).slice(-16_384);
        order.log(text);
        if (output.includes("ready to accept connections")) resolve(server);
      },
    });
    const server: SocketServer = {
      stop: async () => {
        child.kill("SIGINT");
        await ended;
      },
      quit: async () => {
        quit(child);
        await ended.catch(() => undefined);
      },
    };
    ended.then(
      (exitCode) => reject(signal.aborted ? signal.reason : endedError(unit, exitCode, output)),
      reject,
    );
  });
}

function endedError(unit: string, exitCode: number | null, output: string): RollcallError {
  return new RollcallError("START_FAILED", {
    service: unit,
    exitCode,
    message: `The PostgreSQL of ${unit} ended while its database was being made.`,
    hint: "Read the reason in its last log lines.",
    logTail: output.trimEnd().split("\n").slice(-20),
  });
}

async function withClient(
  socketDir: string,
  user: string,
  database: string,
  signal: AbortSignal,
  use: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({ host: socketDir, user, database, port: socketPort });
  // Its server quits when the signal is aborted: the query that is running then rejects.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await use(client);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function runFile(client: pg.Client, file: string, { unit }: ClusterOrder): Promise<void> {
  const fail = (line: number, reason: string, cause?: unknown): RollcallError =>
    new RollcallError("START_FAILED", {
      service: unit,
      message: `The init SQL of ${unit} failed at ${file}:${line}: ${reason}`,
      hint: "Correct the statement; init files run one after the other on the new database.",
      cause,
    });
  const sql = await readFile(file, "utf8").catch((error: Error) => {
    throw fail(1, error.message, error);
  });
  for (const { text, line } of splitSql(sql)) {
    if (/^\\(un)?restrict\b/.test(text)) continue;
    if (text.startsWith("\\")) throw fail(line, `${text.split(/\s/)[0]} is psql's own command, not SQL.`);
    if (/^COPY\b[\s\S]*\bFROM\s+STDIN\b/i.test(text)) {
      throw fail(line, "COPY … FROM stdin needs psql; write INSERTs (pg_dump --inserts).");
    }
    try {
      await client.query(text);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      const position = Number(error.position ?? 1) - 1;
      throw fail(line + text.slice(0, position).split("\n").length - 1, error.message, error);
    }
  }
}
