import { type Guess, refused, seen } from "../signs.ts";

/** What the way it ended says when nothing else speaks. */
export const endingGuesses: readonly Guess[] = [
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
    cure: "Read what the engine said; check that it is healthy (`podman info`, `docker info`).",
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

const crashCodes: ReadonlyMap<number, string> = new Map([
  [139, "SIGSEGV"],
  [135, "SIGBUS"],
  [134, "SIGABRT"],
  [132, "SIGILL"],
]);
