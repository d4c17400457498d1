import { largestBatch, longestText } from "./embed-request.ts";

type Schema = Readonly<Record<string, unknown>>;

const string = { type: "string" };
const text = { type: "string", minLength: 1, maxLength: longestText };
const vector = { type: "array", items: { type: "number" } };
const told = { dimensions: { type: "integer" }, model: string };

const object = (properties: Schema, required = Object.keys(properties)): Schema => ({
  type: "object",
  required,
  properties,
});
const refer = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: Schema) => ({ content: { "application/json": { schema } } });

const schemas = {
  ServiceInfo: object({
    service: string,
    version: string,
    ...told,
    endpoints: { type: "object", additionalProperties: string },
  }),
  Health: object({ status: { type: "string", enum: ["healthy"] }, ...told }),
  EmbedRequest: object({ text }),
  EmbedBatchRequest: object({
    texts: { type: "array", minItems: 1, maxItems: largestBatch, items: text },
  }),
  EmbedResponse: object({ embedding: vector, ...told }),
  EmbedBatchResponse: object({ embeddings: { type: "array", items: vector }, ...told }),
  HTTPValidationError: object({ detail: { type: "array", items: refer("ValidationError") } }),
  ValidationError: object(
    {
      type: string,
      loc: { type: "array", items: { anyOf: [string, { type: "integer" }] } },
      msg: string,
      input: {},
      ctx: { type: "object" },
    },
    ["type", "loc", "msg", "input"],
  ),
  Failure: object({ detail: string }),
};
const answer = (description: string, name: keyof typeof schemas) => ({ description, ...json(refer(name)) });

/** The service described in OpenAPI 3.1. */
export function openApi(version: string): object {
  return {
    openapi: "3.1.0",
    info: { title: "Embedding service", version },
    paths: {
      "/": {
        get: {
          operationId: "getService",
          summary: "What this is",
          responses: { 200: answer("The service, its model and its endpoints", "ServiceInfo") },
        },
      },
      "/health": {
        get: {
          operationId: "getHealth",
          summary: "Whether it can embed",
          responses: { 200: answer("It can", "Health") },
        },
      },
      "/api/v1/embed": { post: embedOperation() },
      "/metrics": {
        get: {
          operationId: "getMetrics",
          summary: "Metrics as Prometheus text",
          responses: { 200: { description: "Metrics", content: { "text/plain": { schema: string } } } },
        },
      },
    },
    components: { schemas },
  };
}

function embedOperation(): object {
  return {
    operationId: "embed",
    summary: "Embeds one text, or a batch",
    requestBody: {
      required: true,
      ...json({ anyOf: [refer("EmbedRequest"), refer("EmbedBatchRequest")] }),
    },
    responses: {
      200: {
        description: "Embedded",
        ...json({ anyOf: [refer("EmbedResponse"), refer("EmbedBatchResponse")] }),
      },
      413: answer("The body is too large", "Failure"),
      422: answer("The body breaks the schema", "HTTPValidationError"),
      500: answer("The model failed", "Failure"),
    },
  };
}
