import type { ExactAt } from "../json.ts";
import type { JsonSchema } from "./validation.ts";

export type Method = "GET" | "POST" | "PATCH";

export interface Call<Body = unknown, Parameters = Readonly<Record<string, unknown>>> {
  readonly body: Body;
  readonly query: Parameters;
  readonly params: Readonly<Record<string, string>>;
  /** The path as asked for, without the query. */
  readonly path: string;
}

export interface Answer {
  readonly status: number;
  /** A text goes out as it is, with `contentType`; everything else as JSON. */
  readonly body: unknown;
  readonly contentType?: string;
}

export interface Responses {
  readonly [status: number]: { readonly description: string; readonly schema?: JsonSchema };
}

/** One endpoint: what the router, the validator and the OpenAPI document all read. */
export interface Operation {
  readonly method: Method;
  /** In OpenAPI's form: "/api/v1/workflows/{workflow_id}". */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly tag: string;
  /** The word for what it deals with, shown in validation problems. */
  readonly resource: string;
  readonly params?: Readonly<Record<string, JsonSchema>>;
  readonly query?: { readonly properties: Readonly<Record<string, JsonSchema>> };
  readonly body?: RequestBody;
  /** Besides the problem documents that `problems` names. */
  readonly responses: Responses;
  readonly problems: readonly number[];
  readonly handle: (call: Call<never, never>) => Promise<Answer>;
}

export interface RequestBody {
  readonly schema: JsonSchema;
  readonly required: boolean;
  /** Where numbers stay exactly as written; nowhere by default. */
  readonly exactAt?: ExactAt;
  /** Brings the body into the form that the schema describes; throws problems of its own. */
  readonly prepare?: (body: unknown) => unknown;
  /** False when the handler validates by itself. */
  readonly validated?: boolean;
}

/** Lets a handler say the types that its schemas guarantee. */
export function operation<Body, Parameters>(
  definition: Omit<Operation, "handle"> & {
    readonly handle: (call: Call<Body, Parameters>) => Promise<Answer>;
  },
): Operation {
  return definition as Operation;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** null means absent for every key that need not be there. */
export function withoutNulls(value: unknown, required: readonly string[] = []): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([key, item]) => item !== null || required.includes(key)),
  );
}
