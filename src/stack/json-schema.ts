import { z } from "zod";
import { rawStack } from "./raw.ts";

/** The JSON Schema of stack files, for editors: published as `rollcall/schema.json`. */
export function stackJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(rawStack, { io: "input", reused: "inline", target: "draft-7" });
  return {
    $schema: schema.$schema,
    ...schema,
    // Places for YAML anchors.
    patternProperties: { "^x-": {} },
  };
}
