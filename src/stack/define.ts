import { RollcallError } from "../errors/rollcall-error.ts";
import type { RawReady, RawStack, RawUnit } from "./raw.ts";
import { placeholders, type Refs } from "./refs.ts";
import type { HandshakeProtocol, Order } from "./types.ts";

/** What `defineStack` returns: the raw form that every file format has, not yet checked. */
export interface StackDefinition<Services extends string = string, Exports extends string = string> {
  readonly [definition]: true;
  readonly raw: RawStack;
  /** For the compiler only: the names that `run.service()` and `run.env` take. */
  readonly names?: { readonly services: Services; readonly exports: Exports };
}

const definition = Symbol.for("rollcall.definition");
declare const declared: unique symbol;

/** A unit made by `service`, `task`, `postgres` or `redis`. */
export interface Declared {
  readonly [declared]: true;
}

type Values = Readonly<Record<string, string | number | boolean>>;
type From<Names extends string, Value> = Value | ((refs: Refs<Names>) => Value);

/** As `From`, its callback's names unchecked by the compiler: they are checked when the stack is loaded. */
type FromAny<Value> = Value | { bivariant(refs: unknown): Value }["bivariant"];

type Plain = Omit<
  RawUnit,
  "task" | "recipe" | "env" | "command" | "process" | "after" | "files" | "container"
>;
type Command = readonly (string | number)[];

export interface UnitInput<Names extends string> extends Plain {
  /** `true`: it runs to its end, and exit code 0 is its readiness. */
  readonly task?: true;
  readonly after?: readonly (Names | { readonly service: Names; readonly condition?: "ready" | "started" })[];
  readonly env?: From<Names, Values>;
  readonly command?: From<Names, Command>;
  readonly process?: From<Names, NonNullable<RawUnit["process"]>>;
  readonly container?: From<Names, NonNullable<RawUnit["container"]>>;
  readonly files?: From<Names, NonNullable<RawUnit["files"]>>;
}

export interface LooseUnitInput extends Plain {
  readonly after?: RawUnit["after"];
  readonly env?: FromAny<Values>;
  readonly command?: FromAny<Command>;
  readonly process?: FromAny<NonNullable<RawUnit["process"]>>;
  readonly container?: FromAny<NonNullable<RawUnit["container"]>>;
  readonly files?: FromAny<NonNullable<RawUnit["files"]>>;
}

export interface StackInput<Names extends string, Exports extends string> {
  /** RFC 1123 label. */
  readonly name: string;
  /** Where relative paths start. @default the file's folder; for a stack defined in a program the current folder */
  readonly dir?: string;
  /** @default "sequential" */
  readonly order?: Order;
  /** "2m", or milliseconds. @default "2m" */
  readonly timeout?: string | number;
  /** In the order of starting. */
  readonly services: { readonly [Name in Names]: UnitInput<NoInfer<Names>> | Declared };
  /** What clients of the stack get in their environment. */
  readonly exports?:
    | Readonly<Record<Exports, string>>
    | ((refs: Refs<NoInfer<Names>>) => Readonly<Record<Exports, string>>);
}

/**
 * Declares a stack. Nothing is checked or started yet: `up`, `loadStack` and `validateStack` do that.
 * The names of services and exports are inferred, so a reference to a service that does not exist does not compile.
 */
export function defineStack<Names extends string, Exports extends string = never>(
  input: StackInput<Names, Exports>,
): StackDefinition<Names, Exports> {
  const { services, exports, ...rest } = input;
  const units: [string, unknown][] = Object.entries(services).map(([name, unit]) => [name, rawUnit(unit)]);
  const raw = {
    ...rest,
    services: Object.fromEntries(units),
    ...(exports === undefined ? {} : { exports: called(exports) }),
  };
  return definitionOf(raw as RawStack);
}

/** As `defineStack` returns it: what it is made of is plain data, which another process may be told. */
export function definitionOf(raw: RawStack): StackDefinition<never, never> {
  return { [definition]: true, raw };
}

export function isDefinition(value: unknown): value is StackDefinition {
  return typeof value === "object" && value !== null && definition in value && "raw" in value;
}

/**
 * A service declared apart from its stack. Inside `defineStack` a plain object does the same, and there the compiler
 * knows the names; here they may be given: `service<"postgres">({ … })`, else they are checked on loading.
 */
export function service(input: LooseUnitInput): Declared;
export function service<Names extends string>(input: UnitInput<NoInfer<Names>>): Declared;
export function service(input: object): Declared {
  return rawUnit(input) as Declared;
}

/** A task runs to its end; exit code 0 is its readiness. */
export function task(input: LooseUnitInput): Declared;
export function task<Names extends string>(input: UnitInput<NoInfer<Names>>): Declared;
export function task(input: object): Declared {
  return { ...(rawUnit(input) as object), task: true } as unknown as Declared;
}

type RecipeKeys = "budget" | "stop" | "after" | "pull" | "image" | "env" | "envFile" | "files" | "container";
type RecipeInput<Own extends keyof RawUnit> = Pick<
  RawUnit,
  RecipeKeys | "port" | "password" | "settings" | Own
>;

/** PostgreSQL: an image for engines, the machine's own binaries as a process; ready when it answers a query. */
export function postgres(input: RecipeInput<"user" | "database" | "init"> = {}): Declared {
  return { ...input, recipe: "postgres" } as unknown as Declared;
}

/** Redis: an image for engines, redis-server as a process; ready when it answers PONG. */
export function redis(input: RecipeInput<never> = {}): Declared {
  return { ...input, recipe: "redis" } as unknown as Declared;
}

type HttpOptions = Omit<Exclude<NonNullable<RawReady["http"]>, string>, "path">;

/** Ready when GET `path` answers with the expected status. @default status 200 on the first port */
export function http(path: string, options: HttpOptions = {}): RawReady {
  return { http: { path, ...options } };
}

/** Ready when the port accepts a connection: proves little, prefer a probe that asks. */
export function tcp(port?: string): RawReady {
  return { tcp: port === undefined ? true : { port } };
}

/** Ready when the command, run in the service's place, ends with 0. */
export function exec(
  command: readonly string[],
  options: { readonly timeout?: string | number; readonly interval?: string | number } = {},
): RawReady {
  return { exec: { command: [...command], ...options } };
}

/** Ready when so many complete lines of the log match. @default 1 */
export function log(pattern: RegExp | string, options: { readonly times?: number } = {}): RawReady {
  if (typeof pattern !== "string" && /[^gu]/.test(pattern.flags)) {
    throw new RollcallError("DEFINITION_INVALID", {
      message: `log(${pattern}): flags of a regular expression cannot be kept in a stack; expected none, found "${pattern.flags}".`,
      hint: "Write the pattern without flags: [Rr]eady instead of /ready/i.",
    });
  }
  return { log: { pattern: typeof pattern === "string" ? pattern : pattern.source, ...options } };
}

/** Ready when the port answers as the protocol's servers do. */
export function handshake(protocol: HandshakeProtocol, port?: string): RawReady {
  return { handshake: port === undefined ? protocol : { protocol, port } };
}

const computed = ["env", "command", "process", "container", "files"] as const;

function rawUnit(unit: unknown): unknown {
  if (typeof unit !== "object" || unit === null) return unit;
  const raw: Record<string, unknown> = { ...unit };
  for (const key of computed) {
    if (typeof raw[key] === "function") raw[key] = called(raw[key]);
  }
  return raw;
}

function called(value: unknown): unknown {
  return typeof value === "function" ? value(placeholders()) : value;
}
