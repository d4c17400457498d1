import { type Guess, logged, said, seen } from "../signs.ts";

/** What the machine or its engine lacks. */
export const machineGuesses: readonly Guess[] = [
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
    cure: "Free some space: `df -h` shows where, `rollcall sweep` removes leftovers of dead runs, the engine's prune unused images. Data of services on this machine go where TMPDIR points, else to /dev/shm or the temporary folder.",
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
    id: "port-held-by-stranger",
    sign: '"port … is held by …, which is not part of this service"',
    cause: "Somebody else took {port} after it had been checked, and answers there.",
    cure: "Stop {holder}, or give the unit another port (`--ports free`).",
    find: (signs) =>
      seen(/(?<port>port \d+) is held by (?<holder>process \d+ \(.*\)), which is not part of/, signs),
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
];
