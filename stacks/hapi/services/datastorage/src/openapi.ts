import type { Operation } from "./http/operation.ts";
import { PROBLEM_TYPE } from "./http/problem.ts";
import type { JsonSchema } from "./http/validation.ts";

export const problemSchema = {
  type: "object",
  required: ["type", "title", "status", "detail"],
  properties: {
    type: { type: "string", format: "uri" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    instance: { type: "string" },
    resource: { type: "string" },
    field_errors: { type: "object", additionalProperties: { type: "string" } },
  },
} as const;

/** An OpenAPI 3.0 document of the very schemas that requests are validated with. */
export function openApiDocument(
  operations: readonly Operation[],
  schemas: Readonly<Record<string, JsonSchema>>,
): object {
  const names = new Map<unknown, string>(Object.entries(schemas).map(([name, schema]) => [schema, name]));
  names.set(problemSchema, "Problem");
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    paths[operation.path] ??= {};
    Object.assign(paths[operation.path] ?? {}, {
      [operation.method.toLowerCase()]: describe(operation, names),
    });
  }
  const components = [...names].map(([schema, name]) => [name, expand(schema, names)]);
  return {
    openapi: "3.0.3",
    info: {
      title: "DataStorage",
      version: "1.0.0",
      description: "The workflow catalogue and the audit trail of the HAPI stack.",
      license: { name: "Apache-2.0" },
    },
    paths,
    components: { schemas: Object.fromEntries(components) },
  };
}

type Names = ReadonlyMap<unknown, string>;

function describe(operation: Operation, names: Names): object {
  const { operationId, summary, tag, params = {}, query, body, responses, problems } = operation;
  const parameters = [
    ...Object.entries(params).map(([name, schema]) => ({ name, in: "path", required: true, schema })),
    ...Object.entries(query?.properties ?? {}).map(([name, schema]) => ({ name, in: "query", schema })),
  ];
  return {
    operationId,
    summary,
    tags: [tag],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: { required: body.required, content: content("application/json", body.schema, names) },
        }),
    responses: {
      ...Object.fromEntries(
        Object.entries(responses).map(([status, { description, schema }]) => [
          status,
          {
            description,
            content:
              schema === undefined
                ? { "text/plain": { schema: { type: "string" } } }
                : content("application/json", schema, names),
          },
        ]),
      ),
      ...Object.fromEntries(
        problems.map((status) => [
          status,
          {
            description: PROBLEMS[status] ?? "Problem.",
            content: content(PROBLEM_TYPE, problemSchema, names),
          },
        ]),
      ),
    },
  };
}

const PROBLEMS: Readonly<Record<number, string>> = {
  400: "The request breaks a rule.",
  404: "There is no such thing.",
  409: "It is there already.",
  413: "The body is too large.",
  415: "The body is not JSON.",
  500: "The service or its database failed.",
  503: "The database is not reachable.",
};

function content(type: string, schema: JsonSchema, names: Names): object {
  return { [type]: { schema: refer(schema, names) } };
}

function refer(value: unknown, names: Names): unknown {
  const name = names.get(value);
  return name === undefined ? expand(value, names) : { $ref: `#/components/schemas/${name}` };
}

function expand(value: unknown, names: Names): unknown {
  if (Array.isArray(value)) return value.map((item) => refer(item, names));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, refer(item, names)]));
}
