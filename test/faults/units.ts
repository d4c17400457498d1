import { fileURLToPath } from "node:url";
import type { RawUnit } from "../../src/stack/raw.ts";
import type { Stage } from "./stage.ts";

export const serverFile = fileURLToPath(new URL("./server.mjs", import.meta.url));
export const nodeImage = "docker.io/library/node:20-bookworm-slim";

type Befalling = { readonly afterMs?: number; readonly what: Readonly<Record<string, unknown>> };

/** What server.mjs understands. */
export interface Behaviour {
  readonly listen?: "http" | "none" | "hangup" | "silent" | "garbage" | "trickle" | "redis" | "postgres";
  readonly beforeMs?: number;
  readonly start?: Befalling & { readonly listens?: true };
  readonly listening?: Befalling;
  readonly ready?: Befalling;
  readonly onAsked?: Readonly<Record<string, unknown>>;
  readonly mute?: true;
  readonly statuses?: readonly number[];
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly endless?: true;
  readonly body?: string;
  readonly beside?: number;
  readonly host?: string;
  readonly answers?: readonly string[];
  readonly answer?: string;
  readonly sqlstate?: string;
  readonly says?: string;
  readonly ignoreTerm?: true;
  readonly log?: readonly string[];
  readonly flood?: number;
  readonly unfinished?: string;
  readonly children?: number;
}

/** A small service that behaves as told, on whichever runtime. */
export function unit(
  stage: Pick<Stage, "onProcesses">,
  behaviour: Behaviour = {},
  more: Partial<RawUnit> = {},
): RawUnit {
  const { env, container, ...rest } = more;
  return {
    ...form(stage, ["node", stage.onProcesses ? serverFile : "/fault/server.mjs"]),
    ...(container === undefined ? {} : { container }),
    env: {
      FAULT: JSON.stringify(behaviour).replaceAll("${", "$${"),
      PORT: "${self.port}",
      HOST: stage.onProcesses ? "127.0.0.1" : "0.0.0.0",
      ...(env as object),
    },
    ports: { http: { container: 8080, host: "free", scheme: "http" } },
    ready: { http: "/health" },
    budget: "60s",
    stop: { grace: "10s" },
    ...rest,
  };
}

/** One that runs to its end. */
export function chore(
  stage: Pick<Stage, "onProcesses">,
  behaviour: Behaviour,
  more: Partial<RawUnit> = {},
): RawUnit {
  const { ports: _, ready: __, ...rest } = unit(stage, behaviour);
  return { ...rest, env: { ...(rest.env as object), PORT: "8080" }, task: true, ...more };
}

/** A command in the place of the server. */
export function form(stage: Pick<Stage, "onProcesses">, command: readonly string[]): Partial<RawUnit> {
  if (stage.onProcesses) return { process: [...command] };
  return {
    image: nodeImage,
    pull: "never",
    command: [...command],
    files: [{ copy: serverFile, target: "/fault/server.mjs", mode: "0644" }],
  };
}
