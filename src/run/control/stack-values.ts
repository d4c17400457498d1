import { RollcallError } from "../../errors/rollcall-error.ts";
import type { RuntimeKind } from "../../runtime/types.ts";
import type { Run } from "../types.ts";

/** What the process that brought a stack up tells those that it starts, as the workers of a test runner: plain data. */
export interface StackValues<Services extends string = string, Exports extends string = string> {
  readonly stack: string;
  readonly name: string;
  readonly run: string;
  readonly runtime: RuntimeKind;
  /** Folder with journal and logs. */
  readonly dir: string;
  readonly env: Readonly<Record<Exports, string>>;
  /** A service's ports by their names, the first one first. */
  readonly services: Readonly<Record<Services, Ports>>;
}

export type Ports = Readonly<Record<string, Address>>;

export interface Address {
  /** Always 127.0.0.1. */
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

export async function valuesOf<Services extends string, Exports extends string>(
  run: Run<Services, Exports>,
): Promise<StackValues<Services, Exports>> {
  const { services } = await run.status();
  const ports = services.flatMap(({ name, kind, ports }) => (kind === "service" ? [[name, ports]] : []));
  return {
    stack: run.stack,
    name: run.name,
    run: run.id,
    runtime: run.runtime,
    dir: run.dir,
    env: run.env,
    services: Object.fromEntries(ports),
  };
}

const prefix = "ROLLCALL_STACK_";

/** The variable in which workers find a stack's values: every runner hands its environment on to its workers. */
export function variableOf(stack: string): string {
  return `${prefix}${stack.toUpperCase().replaceAll("-", "_")}`;
}

/** The exports, and the values in their variable. */
export function environmentOf(values: StackValues): Readonly<Record<string, string>> {
  return { ...values.env, [variableOf(values.stack)]: JSON.stringify(values) };
}

/** Puts the values and the exports into an environment; what is returned takes them out again. */
export function publishValues(values: StackValues, env: NodeJS.ProcessEnv): () => void {
  const added = environmentOf(values);
  const before = Object.keys(added).map((key) => [key, env[key]] as const);
  Object.assign(env, added);
  return () => {
    for (const [key, value] of before) {
      if (value === undefined) delete env[key];
      else env[key] = value;
    }
  };
}

/** Undefined: nobody has brought this stack up for this process. */
export function readValues(stack: string, env: NodeJS.ProcessEnv): StackValues | undefined {
  const text = env[variableOf(stack)];
  return text === undefined || text === "" ? undefined : (JSON.parse(text) as StackValues);
}

/** Of the one stack that there is. Throws NOT_RUNNING, or USAGE where there are several. */
export function onlyValues(env: NodeJS.ProcessEnv): StackValues {
  const found = Object.keys(env).filter((key) => key.startsWith(prefix) && env[key] !== "");
  const text = env[found[0] ?? ""];
  if (text === undefined) throw new RollcallError("NOT_RUNNING", { hint: "Is rollcall the globalSetup?" });
  if (found.length === 1) return JSON.parse(text) as StackValues;
  throw new RollcallError("USAGE", {
    message: `One stack was expected, but several are up for these tests: ${found.join(", ")}.`,
    hint: "Say which one is meant: stackInTests(stack).",
  });
}
