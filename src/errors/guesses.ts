import { type Found, logged, portInLog, type Signs, said, seen } from "./signs.ts";

export type { Signs } from "./signs.ts";

/** A known way to fail: `{gaps}` of its texts are filled with what was found. */
export interface Guess {
  readonly id: string;
  /** For the documentation: what speaks for it. */
  readonly sign: string;
  readonly cause: string;
  readonly cure: string;
  readonly find: (signs: Signs) => Found;
}

const refused = /ECONNREFUSED|connection refused|connect: refused|could not connect to server/i;

/** In order: the first that fits is told, so the particular come before the general. */
export const guesses: readonly Guess[] = [
  {
    id: "out-of-memory",
    sign: "killed by the kernel for want of memory",
    cause: "It used more memory than its limit or the machine has, and the kernel killed it.",
    cure: "Raise its memory limit, give the engine's machine more memory, or make it use less.",
    find: ({ oomKilled }) => (oomKilled ? {} : undefined),
  },
  {
    id: "heap-exhausted",
    sign: '"JavaScript heap out of memory", "java.lang.OutOfMemoryError", "MemoryError"',
    cause: "Its own memory limit (its heap) was reached: {said}.",
    cure: "Raise the heap limit of its language runtime.",
    find: (signs) =>
      logged(
        /JavaScript heap out of memory|java\.lang\.OutOfMemoryError|MemoryError\b|fatal error: out of memory/i,
        signs,
      ),
  },
  {
    id: "disk-full",
    sign: '"No space left on device", ENOSPC',
    cause: "The disk is full.",
    cure: "Free some space: `df -h` shows where, `rollcall sweep` removes leftovers of dead runs, the engine's prune unused images.",
    find: (signs) => said(/ENOSPC|no space left on device|could not write .*: disk full/i, signs),
  },
  {
    id: "keyring-quota",
    sign: '"join keyctl: Disk quota exceeded"',
    cause:
      "The kernel's quota of keyrings for this user is used up: every container takes one. The disk is not full.",
    cure: "Set `keyring = false` under [containers] in containers.conf, raise the sysctl kernel.keys.maxkeys, or remove containers.",
    find: (signs) => said(/(?:join )?key(?:ctl|ring).*(?:disk )?quota exceeded/i, signs),
  },
  {
    id: "disk-quota",
    sign: '"Disk quota exceeded", EDQUOT',
    cause: "This user's disk quota is used up.",
    cure: "Remove files, or ask for a larger quota.",
    find: (signs) => said(/EDQUOT|disk quota exceeded/i, signs),
  },
  {
    id: "too-many-files",
    sign: '"Too many open files", EMFILE, inotify limits',
    cause: "A limit of open files or file watches is reached.",
    cure: "Raise the unit's ulimit nofile, or the sysctl fs.inotify.max_user_instances and max_user_watches.",
    find: (signs) => said(/EMFILE|ENFILE|too many open files|inotify.*(?:limit|No space)/i, signs),
  },
  {
    id: "no-more-processes",
    sign: '"Resource temporarily unavailable" from fork, "pthread_create failed"',
    cause: "A limit of processes or threads is reached.",
    cure: "Raise the limit (ulimit -u, pids_limit), or end processes that nobody needs.",
    find: (signs) =>
      said(
        /(?:fork|clone|pthread_create|uv_thread_create).*(?:resource temporarily unavailable|EAGAIN|failed)/i,
        signs,
      ),
  },
  {
    id: "wrong-architecture",
    sign: '"exec format error"',
    cause:
      "The program was built for another processor than this machine's, or its script lacks the #! line.",
    cure: "Take an image or binary for this machine (`uname -m`), set `platform`, or mend the script's first line.",
    find: (signs) =>
      said(/exec format error|exec user process caused.*format error|ENOEXEC|bad CPU type/i, signs),
  },
  {
    id: "missing-library",
    sign: '"error while loading shared libraries"',
    cause: "It needs the library {library}, which is not installed where it runs.",
    cure: "Install the package that holds {library}, or take an image that has it.",
    find: (signs) =>
      said(/error while loading shared libraries: (?<library>[^\s:]+)/i, signs) ??
      said(/error loading shared library (?<library>[^\s:]+)/i, signs) ??
      said(/Library not loaded: (?<library>\S+)/i, signs) ??
      said(/version [`'](?<library>GLIBC(?:XX)?_[\d.]+)' not found/i, signs),
  },
  {
    id: "missing-module",
    sign: '"Cannot find module", "ModuleNotFoundError"',
    cause: "The module {module} is not installed where it runs.",
    cure: "Install its dependencies there, or build the image again.",
    find: (signs) =>
      logged(/Cannot find (?:module|package) '(?<module>[^']+)'/, signs) ??
      logged(/(?:ModuleNotFoundError|ImportError): No module named '?(?<module>[\w.]+)/, signs),
  },
  {
    id: "port-taken-inside",
    sign: '"EADDRINUSE", "address already in use"',
    cause: "The port that it wants to listen on is taken by something else{at}.",
    cure: "See who holds it (`ss -ltnp`), stop that, or give the unit another port (`--ports free`).",
    find: (signs) => {
      const found = said(
        /(?:EADDRINUSE|address already in use)[^\d]*(?:[\d.]+|\[?::\]?|\*)?:?(?<port>\d{2,5})?/i,
        signs,
      );
      const { port } = found ?? {};
      return found && { at: port === undefined ? "" : `: ${port}` };
    },
  },
  {
    id: "port-privileged",
    sign: '"bind: permission denied" on a port under 1024',
    cause: "Ports under 1024 are kept for root.",
    cure: "Give it a port from 1024 on.",
    find: (signs) =>
      said(
        /(?:bind|listen)\S*\s.*(?:permission denied|EACCES)|EACCES[^\n]*(?:0\.0\.0\.0|::|127\.0\.0\.1):\d{1,3}\b/i,
        signs,
      ),
  },
  {
    id: "postgres-as-root",
    sign: '"cannot be run as root", "root" execution is not permitted',
    cause: "PostgreSQL refuses to run as root.",
    cure: "Run it as another user; rollcall's own postgres() does so.",
    find: (signs) =>
      said(/"root" execution of the PostgreSQL server is not permitted|cannot be run as root/i, signs),
  },
  {
    id: "postgres-data-of-another-version",
    sign: '"database files are incompatible with server"',
    cause: "The data folder was written by another version of PostgreSQL.",
    cure: "Begin with fresh data (remove the volume), or take the server that wrote it.",
    find: (signs) =>
      said(
        /database files are incompatible with server|data directory was initialized by PostgreSQL version/i,
        signs,
      ),
  },
  {
    id: "wrong-credentials",
    sign: '"password authentication failed", WRONGPASS, NOAUTH, "Access denied for user", 401',
    cause: "The user or the password is not the one that is expected: {said}.",
    cure: "Give both sides the same user and password by a reference instead of a copy; a data volume keeps the password of its first start.",
    find: (signs) =>
      said(
        /password authentication failed(?: for user "[^"]*")?|\bWRONGPASS\b|\bNOAUTH\b|Access denied for user|failed SASL auth|no password supplied|(?<=\b)(?:status|answered|HTTP)?\s?401\b(?= (?:on|Unauthorized|from|for)|$)|ACCESS_REFUSED|Authentication failed/i,
        signs,
      ),
  },
  {
    id: "role-missing",
    sign: '"role … does not exist"',
    cause: 'The database user "{role}" does not exist.',
    cure: "Create it in an init script, or use the user that the server was set up with.",
    find: (signs) => said(/role "(?<role>[^"]+)" does not exist/i, signs),
  },
  {
    id: "database-missing",
    sign: '"database … does not exist", "Unknown database"',
    cause: 'The database "{database}" does not exist.',
    cure: "Name the database that the server creates, or create it in an init script or a task. A data volume of an earlier start keeps its old databases.",
    find: (signs) =>
      said(/database "(?<database>[^"]+)" does not exist/i, signs) ??
      said(/Unknown database '(?<database>[^']+)'/i, signs),
  },
  {
    id: "table-missing",
    sign: '"relation … does not exist", "no such table"',
    cause: 'The table "{table}" does not exist: the migrations have not run, or not on this database.',
    cure: "Make the migrations a task, and let this unit come after it.",
    find: (signs) =>
      said(/relation "(?<table>[^"]+)" does not exist/i, signs) ??
      said(/no such table: (?<table>\S+)/i, signs) ??
      said(/Table '(?<table>[^']+)' doesn't exist/i, signs),
  },
  {
    id: "name-unknown",
    sign: '"getaddrinfo ENOTFOUND", "no such host", "Name or service not known"',
    cause: 'It cannot resolve the name "{name}".',
    cure: "Refer to the peer's host by a reference, which is right on every runtime; names of containers hold only inside of the stack's network.",
    find: (signs) =>
      said(/getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (?<name>[^\s,;:]+)/i, signs) ??
      said(/lookup (?<name>[^\s:]+)[^\n]*: (?:no such host|server misbehaving|Temporary failure)/i, signs) ??
      said(/could not translate host name "(?<name>[^"]+)"/i, signs) ??
      said(/Could not resolve host:? '?(?<name>[^\s']+)/i, signs) ??
      said(/"?(?<name>[\w.-]+)"?: Name or service not known/i, signs),
  },
  {
    id: "listens-elsewhere",
    sign: "connection refused on its port, while its log says that it listens on another",
    cause: "It listens on port {other}, but {expected} is expected.",
    cure: "Make the port in the stack file and the one in its configuration the same, best by a reference to its own port.",
    find: (signs) => {
      if (seen(refused, signs) === undefined && seen(/no answer|closed|reset/i, signs) === undefined)
        return undefined;
      const other = portInLog(signs.log);
      const expected = signs.ports.flatMap(({ inside, host }) => [inside, host]);
      if (other === undefined || expected.length === 0 || expected.includes(other)) return undefined;
      return { other: String(other), expected: [...new Set(expected)].join(" or ") };
    },
  },
  {
    id: "listens-on-loopback-only",
    sign: "connection reset or refused on the published port, while its log says that it listens on 127.0.0.1",
    cause: "Inside of its container it listens on 127.0.0.1 only, where no published port reaches it.",
    cure: "Let it listen on 0.0.0.0 inside of the container.",
    find: (signs) => {
      const inContainer = signs.ports.some(({ inside, host }) => inside !== host);
      if (!inContainer || seen(/reset|refused|closed|empty/i, signs) === undefined) return undefined;
      return logged(/(?:listen|running|serving)[^\n]*(?:127\.0\.0\.1|localhost):\d+/i, signs);
    },
  },
  {
    id: "speaks-tls",
    sign: "plain HTTP where TLS is spoken, or the other way round",
    cause: "One side speaks TLS and the other does not: {said}.",
    cure: "Set the port's scheme and the probe's tls to what the service speaks.",
    find: (signs) =>
      said(
        /wrong version number|client sent an HTTP request to an HTTPS server|EPROTO|packet length too long|plain HTTP request was sent to HTTPS port/i,
        signs,
      ),
  },
  {
    id: "certificate-untrusted",
    sign: "certificate errors",
    cause: "Its certificate is not trusted: {said}.",
    cure: "Name the authority's file in the probe's tls.caFile, or set tls.insecure for a certificate of its own making.",
    find: (signs) =>
      said(
        /self[- ]signed certificate|unable to verify the first certificate|certificate has expired|certificate signed by unknown authority|altnames/i,
        signs,
      ),
  },
  {
    id: "wrong-path",
    sign: "404 from an HTTP probe",
    cause: "It answers, but does not know the path that is asked: {said}.",
    cure: "Correct the probe's path{paths}.",
    find: (signs) => {
      const found = seen(/\b404\b[^\n]*/i, signs);
      if (found === undefined) return undefined;
      const paths = [...new Set(signs.log.flatMap((line) => line.match(healthPaths) ?? []))].slice(0, 5);
      return { ...found, paths: paths.length === 0 ? "" : `; its log names ${paths.join(", ")}` };
    },
  },
  {
    id: "wrong-method",
    sign: "405 from an HTTP probe",
    cause: "It knows the path, but not with this method.",
    cure: "Set the probe's method (GET instead of HEAD, or the other way round).",
    find: (signs) => seen(/\b405\b/, signs),
  },
  {
    id: "redirected",
    sign: "301, 302, 307 or 308 from an HTTP probe",
    cause: "It answers with a redirect, which is not followed: it would prove another address.",
    cure: "Ask the path that it points to, with a slash at the end or without.",
    find: (signs) => seen(/\b30[1278]\b/, signs),
  },
  {
    id: "unhealthy",
    sign: "500 or 503 from an HTTP probe",
    cause:
      "It answers that it is not healthy: something that it needs is missing, or its migrations have not run.",
    cure: "Read its answer and its log; put what it needs before it.",
    find: (signs) => seen(/\b50[0234]\b/, signs),
  },
  {
    id: "image-in-registry-denied",
    sign: '"pull access denied", "unauthorized", "manifest unknown"',
    cause: "The registry does not have the image, or does not show it to you: {said}.",
    cure: "Correct the name and tag, log in, or build the image here.",
    find: (signs) =>
      signs.code === "IMAGE_MISSING" || signs.code === "ENGINE_FAILED"
        ? said(
            /pull access denied|manifest unknown|repository does not exist|unauthorized|short-name .* did not resolve/i,
            signs,
          )
        : undefined,
  },
  {
    id: "registry-limit",
    sign: '"toomanyrequests"',
    cause: "The registry allows no more pulls for now.",
    cure: "Log in to it, wait, or use a mirror.",
    find: (signs) => said(/toomanyrequests|pull rate limit/i, signs),
  },
  {
    id: "subordinate-ids",
    sign: '"newuidmap", "potentially insufficient UIDs or GIDs"',
    cause: "This user has too few subordinate user ids for rootless containers.",
    cure: "Add a line for the user to /etc/subuid and /etc/subgid, then run `podman system migrate`.",
    find: (signs) => said(/newuidmap|insufficient UIDs or GIDs|no subuid ranges/i, signs),
  },
  {
    id: "cgroups",
    sign: "cgroup errors of crun and runc",
    cause: "The engine may not set up control groups here: {said}.",
    cure: 'Start a login session for the user (`loginctl enable-linger`), or set cgroup_manager = "cgroupfs" in containers.conf.',
    find: (signs) => said(/(?:crun|runc|OCI)[^\n]*cgroup[^\n]{0,80}|cgroups?: cgroup\S* [^\n]{0,60}/i, signs),
  },
  {
    id: "command-not-in-image",
    sign: '"executable file not found in $PATH"',
    cause: "The command {command} is not in the image.",
    cure: "Correct the command or entrypoint, or take an image that has it.",
    find: (signs) =>
      said(/(?:exec: )?"(?<command>[^"]+)": executable file not found/i, signs) ??
      said(/executable file `(?<command>[^`]+)` not found/i, signs) ??
      said(/unable to start container process: exec: "?(?<command>[^":]+)"?: (?:stat|no such)/i, signs),
  },
  {
    id: "dependency-refused",
    sign: '"connection refused" in its log',
    cause: "It could not connect to what it needs{needs}: {said}.",
    cure: "Check the address that it was given; refer to the peer by a reference, and put it in `after` so that it is ready before.",
    find: (signs) => {
      const found = logged(/(?:\S+ )?(?:ECONNREFUSED|connection refused)(?:[^\n]{0,60})/i, signs);
      return found && { ...found, needs: signs.needs.length === 0 ? "" : ` (${signs.needs.join(", ")})` };
    },
  },
  {
    id: "configuration-missing",
    sign: '"is required", "missing environment variable", "KeyError"',
    cause: "A setting is missing: {said}.",
    cure: "Give it in the unit's env or envFile.",
    find: (signs) =>
      logged(
        /(?:missing (?:required )?(?:environment variable|env var|config\w*)|environment variable \S+ (?:is )?(?:not set|required|missing)|KeyError: '[A-Z_]+')[^\n]{0,80}/i,
        signs,
      ),
  },
  {
    id: "permission-denied",
    sign: '"permission denied", EACCES',
    cause: "It may not read, write or run something: {said}.",
    cure: "Correct the owner or the mode; on SELinux hosts a mounted folder also needs its label (`:z`).",
    find: (signs) => said(/[^\n]{0,80}(?:permission denied|EACCES)[^\n]{0,60}/i, signs),
  },
  {
    id: "file-missing",
    sign: '"no such file or directory", ENOENT',
    cause: "A file is missing where it runs: {said}.",
    cure: "Mount or copy it, or correct the path.",
    find: (signs) => said(/[^\n]{0,80}(?:no such file or directory|ENOENT)[^\n]{0,60}/i, signs),
  },
  {
    id: "exit-127",
    sign: "exit code 127",
    cause: "Exit code 127: the command was not found.",
    cure: "Install it where the unit runs, or correct its name; a script may also name an interpreter that is not there.",
    find: ({ exitCode }) => (exitCode === 127 ? {} : undefined),
  },
  {
    id: "exit-126",
    sign: "exit code 126",
    cause: "Exit code 126: the command was found but could not be run.",
    cure: "Make it executable (chmod +x), and check that it is a program for this machine.",
    find: ({ exitCode }) => (exitCode === 126 ? {} : undefined),
  },
  {
    id: "exit-125",
    sign: "exit code 125",
    cause: "Exit code 125: the container engine itself failed, not the program in the container.",
    cure: "Read what the engine said; check that it is healthy (`rollcall doctor`).",
    find: ({ exitCode }) => (exitCode === 125 ? {} : undefined),
  },
  {
    id: "killed",
    sign: "SIGKILL or exit code 137, and not out of memory",
    cause: "Somebody killed it with SIGKILL; the engine or kernel reported no lack of memory.",
    cure: "Look for who did: another clean-up script, a supervisor, a user, or a memory watchdog outside of its control group.",
    find: ({ exitCode, signal }) => (signal === "SIGKILL" || exitCode === 137 ? {} : undefined),
  },
  {
    id: "terminated",
    sign: "SIGTERM, SIGINT or exit code 143 or 130",
    cause: "Somebody asked it to end.",
    cure: "Look for who did: another script, a supervisor, or a user.",
    find: ({ exitCode, signal }) =>
      signal === "SIGTERM" || signal === "SIGINT" || exitCode === 143 || exitCode === 130 ? {} : undefined,
  },
  {
    id: "crashed",
    sign: "SIGSEGV, SIGBUS, SIGABRT, SIGILL or exit code 139, 135, 134, 132",
    cause: "The program crashed ({how}).",
    cure: "SIGILL often means a processor without an instruction that it was built for; the others are mistakes in the program or its libraries.",
    find: ({ exitCode, signal }) => {
      const how = signal ?? crashCodes.get(exitCode ?? -1);
      return how !== undefined && [...crashCodes.values()].includes(how) ? { how } : undefined;
    },
  },
  {
    id: "ended-well",
    sign: "exit code 0 of a service",
    cause:
      "It ended by itself and without an error: it does its work and stops, or puts itself into the background.",
    cure: "Declare it as a task if it is one; otherwise start it in the foreground.",
    find: ({ code, exitCode }) => (code === "EXITED_EARLY" && exitCode === 0 ? {} : undefined),
  },
  {
    id: "nobody-listens",
    sign: "connection refused until the end of the budget",
    cause: "Nothing listens on its port: it needs longer to start, or listens elsewhere.",
    cure: "Read its log for the port that it took; raise `budget` if it is only slow.",
    find: (signs) =>
      signs.code === "NOT_READY" || signs.code === "DEADLINE" ? seen(refused, signs) : undefined,
  },
];

const healthPaths = /\/(?:[\w.-]+\/)*(?:health\w*|ready\w*|live\w*|ping|status|up)\b/gi;

const crashCodes: ReadonlyMap<number, string> = new Map([
  [139, "SIGSEGV"],
  [135, "SIGBUS"],
  [134, "SIGABRT"],
  [132, "SIGILL"],
]);
