import { largestBatch, longestText } from "./embed-request.ts";

const text = { type: "string", minLength: 1, maxLength: longestText };
const vector = { type: "array", items: { type: "number" } };
const told = { dimensions: { type: "integer" }, model: { type: "string" } };
const json = (schema: object) => ({ content: { "application/json": { schema } } });
const object = (properties: Readonly<Record<string, object>>) => ({
  type: "object",
  required: Object.keys(properties),
  properties,
});

/** The service described in OpenAPI 3.1. */
export function openApi(version: string): object {
  const one = object({ embedding: vector, ...told });
  const batch = object({ embeddings: { type: "array", items: vector }, ...told });
  const health = object({ status: { const: "healthy" }, ...told });
  return {
    openapi: "3.1.0",
    info: { title: "Embedding service", version },
    paths: {
      "/health": {
        get: { summary: "Ready", responses: { 200: { description: "Ready", ...json(health) } } },
      },
      "/api/v1/embed": {
        post: {
          summary: "Embeds one text, or a batch",
          requestBody: {
            required: true,
            ...json({
              oneOf: [
                object({ text }),
                object({ texts: { type: "array", minItems: 1, maxItems: largestBatch, items: text } }),
              ],
            }),
          },
          responses: {
            200: { description: "Embedded", ...json({ oneOf: [one, batch] }) },
            413: { description: "The body is too large" },
            422: { description: "The body breaks the schema" },
          },
        },
      },
      "/metrics": { get: { summary: "Prometheus text", responses: { 200: { description: "Metrics" } } } },
    },
  };
}
