import { describe, expect, test } from "vitest";
import { guess } from "../../src/errors/guess.ts";
import { guesses } from "../../src/errors/guesses.ts";
import { portInLog, type Signs } from "../../src/errors/signs.ts";

const nothing: Signs = {
  code: "NOT_READY",
  message: "",
  observed: null,
  exitCode: null,
  signal: null,
  oomKilled: false,
  log: [],
  ports: [],
  needs: [],
};

type Case = [id: string, signs: Partial<Signs>, says?: RegExp];

/** Evidence as programs, databases and engines write it, and the cause that it stands for. */
const cases: readonly Case[] = [
  ["out-of-memory", { exitCode: 137, oomKilled: true }],
  ["killed", { exitCode: 137 }, /SIGKILL; .*no lack of memory/],
  ["killed", { signal: "SIGKILL" }],
  [
    "heap-exhausted",
    {
      exitCode: 134,
      log: ["FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"],
    },
  ],
  [
    "heap-exhausted",
    { exitCode: 1, log: ["Exception in thread main java.lang.OutOfMemoryError: Java heap space"] },
  ],
  ["disk-full", { log: ['PANIC:  could not write to file "pg_wal/xlogtemp.29": No space left on device'] }],
  ["disk-full", { message: "Error: ENOSPC: no space left on device, write" }],
  [
    "keyring-quota",
    { code: "START_FAILED", message: "crun: join keyctl `9f2c`: Disk quota exceeded: OCI runtime error" },
  ],
  ["disk-quota", { message: "mkdir /data: disk quota exceeded" }],
  ["too-many-files", { log: ["accept tcp [::]:8080: accept4: too many open files"] }],
  ["no-more-processes", { log: ["sh: fork: Resource temporarily unavailable"] }],
  ["wrong-architecture", { exitCode: 1, log: ["exec /usr/local/bin/server: exec format error"] }],
  [
    "missing-library",
    {
      exitCode: 127,
      log: [
        "./server: error while loading shared libraries: libpq.so.5: cannot open shared object file: No such file or directory",
      ],
    },
    /libpq\.so\.5/,
  ],
  [
    "missing-library",
    { log: ["/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by ./server)"] },
    /GLIBC_2\.38/,
  ],
  ["missing-module", { log: ["Error: Cannot find module 'express'"] }, /express/],
  ["missing-module", { log: ["ModuleNotFoundError: No module named 'psycopg2'"] }, /psycopg2/],
  [
    "port-held-by-stranger",
    { observed: "port 8080 is held by process 12 (caddy), which is not part of this service" },
    /took port 8080 .*Stop process 12 \(caddy\)/,
  ],
  [
    "port-taken-inside",
    { log: ["Error: listen EADDRINUSE: address already in use 127.0.0.1:18094"] },
    /18094/,
  ],
  ["port-taken-inside", { log: ["listen tcp :8080: bind: address already in use"] }],
  ["port-privileged", { log: ["listen tcp :80: bind: permission denied"] }],
  ["postgres-as-root", { log: ['"root" execution of the PostgreSQL server is not permitted.'] }],
  ["postgres-data-of-another-version", { log: ["FATAL:  database files are incompatible with server"] }],
  [
    "wrong-credentials",
    { code: "PROBE_WRONG", observed: 'FATAL 28P01: password authentication failed for user "app"' },
    /"app"/,
  ],
  ["wrong-credentials", { observed: "-NOAUTH Authentication required." }],
  ["wrong-credentials", { observed: "-WRONGPASS invalid username-password pair or user is disabled." }],
  ["wrong-credentials", { log: ["failed SASL auth (FATAL: password authentication failed)"] }],
  ["wrong-credentials", { observed: "401 Unauthorized on GET /health" }],
  ["role-missing", { observed: 'FATAL 28000: role "hapi" does not exist' }, /"hapi"/],
  ["database-missing", { observed: 'FATAL 3D000: database "orders" does not exist' }, /"orders"/],
  ["database-missing", { log: ["ERROR 1049 (42000): Unknown database 'orders'"] }, /orders/],
  [
    "table-missing",
    { log: ['ERROR: relation "users" does not exist at character 15'] },
    /migrations have not run/,
  ],
  ["name-unknown", { log: ["Error: getaddrinfo ENOTFOUND postgres"] }, /"postgres"/],
  ["name-unknown", { log: ["dial tcp: lookup postgres on 10.89.0.1:53: no such host"] }, /"postgres"/],
  [
    "name-unknown",
    { log: ['could not translate host name "db" to address: Name or service not known'] },
    /"db"/,
  ],
  [
    "listens-elsewhere",
    {
      observed: "connection refused",
      ports: [{ inside: 8080, host: 18080 }],
      log: ["Server listening on http://0.0.0.0:3000"],
    },
    /3000.*8080 or 18080/,
  ],
  [
    "listens-on-loopback-only",
    {
      observed: "connection reset",
      ports: [{ inside: 8080, host: 18080 }],
      log: ["listening on 127.0.0.1:8080"],
    },
  ],
  ["speaks-tls", { observed: "400 Client sent an HTTP request to an HTTPS server." }],
  ["certificate-untrusted", { observed: "self-signed certificate" }],
  [
    "wrong-path",
    { observed: "404 on GET /healthz", log: ["routes: GET /health, GET /ready"] },
    /its log names \/health, \/ready/,
  ],
  ["wrong-path", { observed: "404 on GET /healthz" }, /Correct the probe's path\./],
  ["speaks-tls", { observed: "answered something else than TLS" }],
  [
    "something-else-answers",
    { observed: "answered something else than PostgreSQL: HTTP/1.1 400" },
    /PostgreSQL/,
  ],
  ["wrong-method", { observed: "405 on HEAD /health" }],
  ["redirected", { observed: "302 on GET /health" }],
  ["unhealthy", { observed: "503 on GET /health" }],
  [
    "image-in-registry-denied",
    { code: "IMAGE_MISSING", message: "pull access denied for hapi, repository does not exist" },
  ],
  [
    "registry-limit",
    { code: "IMAGE_MISSING", message: "toomanyrequests: You have reached your pull rate limit" },
  ],
  ["subordinate-ids", { message: "potentially insufficient UIDs or GIDs available in user namespace" }],
  ["cgroups", { message: "crun: creating cgroup directory `/sys/fs/cgroup/x`: No such file" }],
  ["command-not-in-image", { message: 'exec: "serve": executable file not found in $PATH' }, /serve/],
  [
    "dependency-refused",
    { exitCode: 1, needs: ["postgres"], log: ["connect ECONNREFUSED 127.0.0.1:5432"] },
    /\(postgres\)/,
  ],
  [
    "configuration-missing",
    { exitCode: 1, log: ["missing required environment variable DATABASE_URL"] },
    /DATABASE_URL/,
  ],
  ["permission-denied", { log: ["open /data/db.sqlite: permission denied"] }],
  [
    "file-missing",
    { log: ["Error: ENOENT: no such file or directory, open '/etc/app/config.yaml'"] },
    /config\.yaml/,
  ],
  [
    "file-missing",
    { message: `${"x".repeat(60)} exec: "container-init": ${"y".repeat(40)} no such file or directory` },
    /: (exec: )?"container-init"/,
  ],
  ["exit-125", { exitCode: 125 }],
  ["exit-126", { exitCode: 126 }],
  ["exit-127", { exitCode: 127 }],
  ["terminated", { exitCode: 143 }],
  ["crashed", { signal: "SIGSEGV" }, /SIGSEGV/],
  ["crashed", { exitCode: 132 }, /SIGILL/],
  ["ended-well", { code: "EXITED_EARLY", exitCode: 0 }],
  ["nobody-listens", { observed: "connection refused", ports: [{ inside: 80, host: 80 }] }],
];

describe("the guess", () => {
  test.each<Case>(cases)("%s is recognised in %j", (id, signs, says) => {
    const found = guess({ ...nothing, ...signs });
    expect(found?.id).toBe(id);
    const text = `${found?.cause} ${found?.cure}`;
    expect(text).toMatch(says ?? /./);
    expect(text, "a gap was left").not.toMatch(/[{}]/);
  });

  test("every cause of the table is recognised in some evidence here", () => {
    expect(new Set(cases.map(([id]) => id))).toEqual(new Set(guesses.map(({ id }) => id)));
  });

  test("nothing is guessed from nothing", () => {
    expect(guess(nothing)).toBeUndefined();
    expect(guess({ ...nothing, exitCode: 3, log: ["panic: assertion failed"] })).toBeUndefined();
    expect(
      guess({ ...nothing, observed: "no answer within 1000 ms", log: ["started in 4010 ms", "port 8401"] }),
    ).toBeUndefined();
  });
});

describe("the port in a log", () => {
  test.each([
    ["Server listening on http://0.0.0.0:3000", 3000],
    ["listening on port 8080", 8080],
    ["Listening on :9090", 9090],
    ['level=info msg="listening" addr=[::]:7070', 7070],
    ["Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)", 8000],
    ['LOG:  listening on IPv4 address "0.0.0.0", port 5432', 5432],
    ["Ready to accept connections", undefined],
    ["worker started in 2500 ms", undefined],
    ["started 4010 jobs", undefined],
  ])("is found in %s: %s", (line, port) => {
    expect(portInLog([line])).toBe(port);
  });
});
