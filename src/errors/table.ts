/** Every way in which rollcall fails: the code, its sentence, the likely cause, the cure, the exit code. */
export interface ErrorEntry {
  readonly sentence: string;
  readonly cause: string;
  readonly cure: string;
  readonly exit: 1 | 2 | 3 | 4 | 5 | 130 | 143;
}

export const errorTable = {
  DEFINITION_INVALID: {
    sentence: "The stack's definition has mistakes.",
    cause: "A key, a name, a reference or a value in the stack file is not what the schema allows.",
    cure: "Mend every place that is listed; `rollcall plan` checks without starting anything.",
    exit: 2,
  },
  FILE_NOT_FOUND: {
    sentence: "No stack file was found.",
    cause:
      "Neither the folder nor any folder above it holds a rollcall or compose file, or the path is wrong.",
    cure: "Name it with --file, or create rollcall.config.ts.",
    exit: 2,
  },
  FILE_UNTRUSTED: {
    sentence: "The stack file that was found belongs to another user, and what it says would be executed.",
    cause:
      "It was found by looking upwards, and its owner is neither you nor root, or others may write to it.",
    cure: "Name it with --file if you trust it.",
    exit: 2,
  },
  USAGE: {
    sentence: "The command line is wrong.",
    cause: "An unknown command, option or value.",
    cure: "See `rollcall help`.",
    exit: 2,
  },
  NOT_RUNNING: {
    sentence: "The stack is not running.",
    cause: "No run of this stack and name is up.",
    cure: "Start it with `rollcall up`.",
    exit: 3,
  },
  RUNTIME_UNAVAILABLE: {
    sentence: "The runtime cannot be used on this machine.",
    cause: "No engine answers at any of the places where one may be.",
    cure: "Start the engine, set DOCKER_HOST or CONTAINER_HOST, or use --runtime process.",
    exit: 4,
  },
  RUNTIME_UNSUITABLE: {
    sentence: "The stack asks for something that the runtime cannot do.",
    cause: "A unit has no form for this runtime, or uses a feature that only others have.",
    cure: "Use another --runtime, or give the unit a form for this one.",
    exit: 2,
  },
  BINARY_MISSING: {
    sentence: "A program that the stack needs is not installed.",
    cause: "It is neither configured, nor on PATH, nor in the packages that rollcall can use.",
    cure: "Install it, or point to it.",
    exit: 4,
  },
  IMAGE_MISSING: {
    sentence: "An image is not there and cannot be had.",
    cause: "It is local-only and was not built, or the registry does not have it or cannot be reached.",
    cure: "Build or load the image, or correct its name.",
    exit: 4,
  },
  IMAGE_BUILD_FAILED: {
    sentence: "An image could not be built.",
    cause: "A step of its Containerfile failed.",
    cure: "Read the build's last lines.",
    exit: 1,
  },
  ENGINE_FAILED: {
    sentence: "The container engine failed.",
    cause: "The engine refused a request or went away.",
    cure: "Read what it said; check that the engine is healthy.",
    exit: 4,
  },
  PORT_TAKEN: {
    sentence: "A port that the stack needs is taken.",
    cause: "Another process, container or run listens on it.",
    cure: "Stop the holder, change the port, or use --ports free.",
    exit: 5,
  },
  NAME_TAKEN: {
    sentence: "A name that the stack needs is taken.",
    cause: "A container or network of somebody else has it.",
    cure: "Remove or rename it, or use --name.",
    exit: 5,
  },
  RUN_EXISTS: {
    sentence: "A run of this stack exists that cannot be attached to.",
    cause:
      "It runs another definition, was built from other files, or is on another runtime or has other ports.",
    cure: "Take it down with `rollcall down`, or use --name for a second one.",
    exit: 5,
  },
  LOCKED: {
    sentence: "Another command is at work on this run and did not end in time.",
    cause: "Another terminal or test process brings it up or takes it down.",
    cure: "Wait for it, or end it.",
    exit: 5,
  },
  START_FAILED: {
    sentence: "A service could not be started.",
    cause: "The operating system or the engine refused to start it.",
    cure: "Read the reason that was given.",
    exit: 1,
  },
  EXITED_EARLY: {
    sentence: "A service ended before it was ready.",
    cause: "It crashed during its start.",
    cure: "Read its last log lines.",
    exit: 1,
  },
  NOT_READY: {
    sentence: "A service did not get ready within its budget.",
    cause: "It answers something else than the probe expects, answers too late, or not at all.",
    cure: "Look at the last observation; correct the probe, or raise the budget.",
    exit: 1,
  },
  PROBE_WRONG: {
    sentence: "A service answers, and its answer means that it will never be ready.",
    cause: "Wrong credentials, a missing database, a protocol that does not fit.",
    cure: "Correct the credentials or the probe.",
    exit: 1,
  },
  DEADLINE: {
    sentence: "The run's deadline passed.",
    cause: "All starts together took longer than the deadline.",
    cure: "Raise --timeout, or look at the slowest service.",
    exit: 1,
  },
  TASK_FAILED: {
    sentence: "A task ended with an error.",
    cause: "Its command ended with another code than 0.",
    cure: "Read its last log lines.",
    exit: 1,
  },
  SERVICE_DIED: {
    sentence: "A service ended although the stack was up.",
    cause: "It crashed, was killed, or ran out of memory.",
    cure: "Read its last log lines.",
    exit: 1,
  },
  SCOPE_FAILED: {
    sentence: "A database of one's own could not be made, reset or dropped.",
    cause: "The server is gone, its user may not create databases, or it has no place for another one.",
    cure: "Read what the server said.",
    exit: 1,
  },
  STOP_FAILED: {
    sentence: "Something of the run could not be removed.",
    cause: "A process does not end, or the engine refused.",
    cure: "Remove what is listed by hand.",
    exit: 1,
  },
  STATE_INVALID: {
    sentence: "The run's record is damaged.",
    cause: "It was cut off, edited, or is not a plain file of yours.",
    cure: "Remove the folder that is named, once nothing of it runs.",
    exit: 1,
  },
  INTERRUPTED: {
    sentence: "Interrupted.",
    cause: "Ctrl-C.",
    cure: "Nothing to mend.",
    exit: 130,
  },
  TERMINATED: {
    sentence: "Terminated.",
    cause: "SIGTERM or SIGHUP.",
    cure: "Nothing to mend.",
    exit: 143,
  },
  INTERNAL: {
    sentence: "Internal error.",
    cause: "A mistake in rollcall.",
    cure: "Please report it with the journal.",
    exit: 1,
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorTable;
