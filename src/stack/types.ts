/**
 * The validated stack: what every file format becomes, and all that the rest of rollcall knows of a definition.
 * Nothing here has been started, and nothing here refers to the file's own syntax.
 */

export type Order = "sequential" | "dependency";

export interface Stack {
  /** RFC 1123 label. */
  readonly name: string;
  /** Absolute folder; every relative path of the definition has been made absolute against it. */
  readonly dir: string;
  /** The file it was read from; undefined for a stack defined in a program. */
  readonly file: string | undefined;
  readonly order: Order;
  /** One deadline for bringing the whole stack up, in milliseconds. */
  readonly timeoutMs: number;
  /** In the order written. */
  readonly units: readonly Unit[];
  /** Names that clients read from their environment. */
  readonly exports: Readonly<Record<string, Template>>;
  /** What a reader should know of the definition: keys of a compose file that are not honoured, and where. */
  readonly notes: readonly Note[];
}

export interface Note {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** A service runs on; a task runs to its end, and exit code 0 is its readiness. */
export type Unit = Service | Task;

export interface Service extends UnitBase {
  readonly kind: "service";
  readonly ready: ProbeSpec;
  /** It may end with exit code 0 instead, which then counts as done: a one-shot of a compose file that nobody waits for. */
  readonly mayComplete?: boolean;
}

export interface Task extends UnitBase {
  readonly kind: "task";
}

export interface UnitBase {
  /** RFC 1123 label, unique in the stack. */
  readonly name: string;
  readonly after: readonly Dependency[];
  /** envFile and env merged; env wins. */
  readonly env: Readonly<Record<string, Template>>;
  readonly ports: readonly Port[];
  readonly files: readonly FileMount[];
  /** How the unit runs in a container engine; undefined: it cannot. */
  readonly container: ContainerForm | undefined;
  /** How the unit runs as a process of this machine; undefined: it cannot. */
  readonly process: ProcessForm | undefined;
  /** Longest time from the request to start to the opening of its gate, in milliseconds. */
  readonly budgetMs: number;
  readonly stop: StopPolicy;
  /** Constants that others may refer to as `${name.key}`: user, password, database, … */
  readonly facts: Readonly<Record<string, string>>;
  /** Literal values that must never be shown. */
  readonly secrets: readonly string[];
}

export interface Dependency {
  readonly service: string;
  /**
   * - `ready`: the gate of the other has opened (a task: it ended with 0).
   * - `started`: the other runs; compose's `service_started`.
   */
  readonly condition: "ready" | "started";
  /** The cause, shown in the plan: "after", "env DB_HOST refers to postgres.host", … */
  readonly because: string;
}

export interface StopPolicy {
  readonly signal: NodeJS.Signals;
  /** From the signal to SIGKILL, in milliseconds. */
  readonly graceMs: number;
}

export interface Port {
  /** RFC 1123 label, unique in the unit. */
  readonly name: string;
  /** The port that the service listens on inside its container. */
  readonly container: number;
  /** The port on 127.0.0.1; on the process runtime the service listens on this one. "free": any. */
  readonly host: number | "free";
  /** The scheme of its URL: http, https, postgresql, redis, tcp, … */
  readonly scheme: string;
}

/** A text with references in it: the parts are joined once every address is known. */
export type Template = readonly Part[];
export type Part = string | Reference;

/**
 * `host`, `port` and `url` are addresses and depend on where they are read;
 * every other property is a fact of the unit.
 */
export interface Reference {
  readonly service: string;
  readonly property: string;
  /** Name of the port; undefined: the unit's first. */
  readonly port: string | undefined;
}

export type FileMount =
  | {
      readonly kind: "copy";
      readonly source: string;
      readonly target: string;
      readonly mode: number | undefined;
    }
  | {
      readonly kind: "content";
      readonly content: Template;
      readonly target: string;
      readonly mode: number | undefined;
    }
  | { readonly kind: "bind"; readonly source: string; readonly target: string; readonly readOnly: boolean }
  | { readonly kind: "volume"; readonly volume: string; readonly target: string; readonly readOnly: boolean }
  | { readonly kind: "tmpfs"; readonly target: string; readonly options: string | undefined };

export interface ContainerForm {
  readonly image: ImageSource;
  readonly entrypoint: readonly Template[] | undefined;
  readonly command: readonly Template[] | undefined;
  readonly user: string | undefined;
  readonly platform: string | undefined;
  readonly workdir: string | undefined;
  /** Further names under which its peers find it. */
  readonly aliases: readonly string[];
  readonly ulimits: Readonly<Record<string, { readonly soft: number; readonly hard: number }>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly extraHosts: readonly string[];
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly privileged: boolean;
  readonly init: boolean;
  readonly readOnly: boolean;
  readonly shmSizeBytes: number | undefined;
  readonly memoryBytes: number | undefined;
  readonly tty: boolean;
}

export type ImageSource =
  | { readonly kind: "image"; readonly reference: string; readonly pull: "missing" | "always" | "never" }
  | {
      readonly kind: "build";
      /** Absolute folder. */
      readonly context: string;
      /** Absolute path, or its text. */
      readonly containerfile: { readonly path: string } | { readonly text: string };
      readonly args: Readonly<Record<string, string>>;
      readonly target: string | undefined;
      /** A plain tag that the built image gets beside its content tag. */
      readonly alias: string | undefined;
    };

export type ProcessForm =
  | { readonly kind: "command"; readonly argv: readonly Template[]; readonly cwd: string }
  | PostgresProcess
  | RedisProcess;

export interface PostgresProcess {
  readonly kind: "postgres";
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Absolute paths of SQL files, run in this order on the new database before the server listens. */
  readonly initSql: readonly string[];
  /** Settings of postgresql.conf. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface RedisProcess {
  readonly kind: "redis";
  readonly password: string | undefined;
  /** Further arguments of redis-server. */
  readonly args: readonly string[];
}

/** `running < listening < handshake < query`. */
export const levels = ["running", "listening", "handshake", "query"] as const;
export type Level = (typeof levels)[number];

/** What proves that a service is ready. `port` is the name of one of its ports; undefined: its first. */
export type ProbeSpec =
  | {
      readonly kind: "postgres";
      readonly port: string | undefined;
      readonly user: string;
      readonly password: string;
      readonly database: string;
    }
  | {
      readonly kind: "redis";
      readonly port: string | undefined;
      readonly username: string | undefined;
      readonly password: string | undefined;
    }
  | {
      readonly kind: "http";
      readonly port: string | undefined;
      readonly path: string;
      readonly method: string;
      /** Statuses that mean ready. */
      readonly status: readonly number[];
      readonly headers: Readonly<Record<string, string>>;
      /** The answer's headers must match these regular expressions. */
      readonly headerMatch: Readonly<Record<string, string>>;
      /** Regular expression that the answer's body must match. */
      readonly bodyMatch: string | undefined;
      /** undefined: plain HTTP. */
      readonly tls: { readonly insecure: boolean; readonly caFile: string | undefined } | undefined;
    }
  | { readonly kind: "tcp"; readonly port: string | undefined }
  | {
      /** The first answer of a known protocol. */
      readonly kind: "handshake";
      readonly protocol: HandshakeProtocol;
      readonly port: string | undefined;
    }
  | {
      /** A command inside the service's place; exit code 0 is ready. */
      readonly kind: "exec";
      readonly argv: readonly string[];
      /** One look's limit, in milliseconds. */
      readonly timeoutMs: number;
      /** Looks are at least this far apart, in milliseconds: a foreign command may be dear. */
      readonly intervalMs: number;
    }
  | {
      readonly kind: "log";
      /** Regular expression, matched against complete lines, also those written before the watch began. */
      readonly pattern: string;
      /** So many matching lines. */
      readonly times: number;
    }
  | { /** All of them. */ readonly kind: "all"; readonly probes: readonly ProbeSpec[] }
  | { /** It runs; only where a compose file asks for no more. */ readonly kind: "running" };

export const handshakeProtocols = [
  "mysql",
  "amqp",
  "kafka",
  "mongodb",
  "memcached",
  "nats",
  "smtp",
  "zookeeper",
  "cassandra",
] as const;
export type HandshakeProtocol = (typeof handshakeProtocols)[number];
