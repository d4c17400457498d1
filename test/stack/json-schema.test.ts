import { expect, test } from "vitest";
import { stackJsonSchema } from "../../src/stack/json-schema.ts";

test("the published JSON Schema is what the validation checks (vitest -u writes it anew)", async () => {
  const text = `${JSON.stringify(stackJsonSchema(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot("../../schema/rollcall.schema.json");
});
