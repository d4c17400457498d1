// A service that fails as it is told to by FAULT, a JSON object; without it, it answers 200 to everything on PORT.
// Right before a fault becomes visible it writes `FAULT <milliseconds since 1970>` to its log.
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer } from "node:net";

const told = JSON.parse(process.env.FAULT ?? "{}");
const port = Number(process.env.PORT ?? told.port ?? 8080);
const host = process.env.HOST ?? "127.0.0.1";

const say = (text) => writeSync(1, `${text}\n`);
const visible = () => say(`FAULT ${Date.now()}`);
const later = (ms, deed) => setTimeout(deed, ms ?? 0);

/** How it may end, or what else may befall it; `{ exit: 3 }`. */
const deeds = {
  exit: (code) => process.exit(code),
  kill: (signal) => process.kill(process.pid, signal),
  abort: () => process.abort(),
  throw: (text) => {
    throw new Error(text);
  },
  read: (path) => readFileSync(path),
  import: (name) => import(name),
  heap: () => {
    const hoard = [];
    for (;;) hoard.push(new Array(100_000).fill(hoard.length));
  },
  memory: () => {
    const hoard = [];
    for (;;) hoard.push(Buffer.alloc(4 << 20, 1));
  },
  files: () => {
    for (;;) openSync("/dev/null", "r");
  },
  fill: (folder) => {
    const file = openSync(`${folder}/filler`, "w");
    const block = Buffer.alloc(64 * 1024, 1);
    try {
      for (;;) writeSync(file, block);
    } finally {
      closeSync(file);
    }
  },
  bind: (taken) => createServer().listen(taken, host),
  connect: ([peer, peerPort]) =>
    connect(peerPort, peer).on("error", (error) => {
      console.error(`cannot reach the peer: ${error.message}`);
      process.exit(1);
    }),
  asleep: () => process.kill(process.pid, "SIGSTOP"),
  busy: () => {
    for (;;);
  },
};

function befall(what) {
  const [[name, value]] = Object.entries(what);
  visible();
  deeds[name](value);
}

const listeners = {
  http() {
    let asked = 0;
    const server = createHttpServer((request, response) => {
      asked += 1;
      // What a test tells a living service to do to itself.
      const path = new URL(request.url, "http://x").pathname;
      if (path === "/befall") return later(0, () => befall(JSON.parse(request.headers["x-what"])));
      if (path === "/pid") return response.end(String(process.pid));
      if (told.onAsked) befall(told.onAsked);
      if (told.mute) return undefined;
      const status = told.statuses?.[asked - 1] ?? told.status ?? 200;
      response.writeHead(status, told.headers ?? {});
      if (told.endless) return response.write("it goes on");
      if (asked === 1 && status === 200 && told.ready)
        later(told.ready.afterMs, () => befall(told.ready.what));
      return response.end(told.body ?? "fine");
    });
    server.listen(port + (told.beside ?? 0), told.host ?? host, () => {
      const address = server.address();
      say(`listening on ${address.address}:${address.port}, routes: /health, /livez`);
      if (told.listening) later(told.listening.afterMs, () => befall(told.listening.what));
    });
  },
  none() {
    setInterval(() => {}, 1000);
  },
  hangup: () => raw((socket) => socket.destroy()),
  silent: () => raw(() => {}),
  garbage: () => raw((socket) => socket.once("data", () => socket.write("\x1b[31m\0\x01garbage\r\n\r\n"))),
  trickle: () =>
    raw((socket) => {
      const timer = setInterval(() => socket.write("H"), 200);
      socket.on("close", () => clearInterval(timer));
    }),
  redis() {
    let asked = 0;
    raw((socket) =>
      socket.on("data", () => {
        const answer = told.answers?.[asked] ?? told.answer ?? "+PONG";
        asked += 1;
        socket.write(`${answer}\r\n`);
      }),
    );
  },
  /** Refuses every connection as PostgreSQL does while it starts. */
  postgres: () =>
    raw((socket) =>
      socket.on("data", () => {
        const fields = `SFATAL\0VFATAL\0C${told.sqlstate ?? "57P03"}\0M${told.says ?? "the database system is starting up"}\0\0`;
        const message = Buffer.alloc(5 + fields.length);
        message.write("E");
        message.writeInt32BE(4 + fields.length, 1);
        message.write(fields, 5);
        socket.end(message);
      }),
    ),
};

function raw(onSocket) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    onSocket(socket);
  });
  server.listen(port, host, () => say(`listening on ${host}:${port}`));
}

if (told.ignoreTerm) process.on("SIGTERM", () => say("SIGTERM is not for me"));
for (const line of told.log ?? []) say(line);
if (told.flood) for (let line = 0; line < told.flood; line += 1) say(`${"x".repeat(80)} ${line}`);
if (told.unfinished) writeSync(1, told.unfinished);
for (let child = 0; child < (told.children ?? 0); child += 1) {
  const source = `process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)`;
  // In a session of its own; the folder on its command line is what the audit knows it by.
  spawn(process.execPath, ["-e", source, "--", `${process.cwd()}/child`], {
    detached: true,
    stdio: "ignore",
  });
}
const listen = () => listeners[told.listen ?? "http"]();
if (told.start) later(told.start.afterMs, () => befall(told.start.what));
else later(told.beforeMs, listen);
if (told.start?.listens) listen();
