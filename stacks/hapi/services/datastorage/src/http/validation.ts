import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { normaliseTimestamp } from "../timestamp.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

const EMAIL =
  /^[^\s@"(),:;<>[\]\\]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/;
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const formats = {
  "date-time": (text: string) => normaliseTimestamp(text) !== undefined,
  uuid: UUID,
  email: (text: string) => text.length <= 320 && EMAIL.test(text),
  int32: true,
  int64: true,
  double: true,
} as const;

// The schemas are our own: holding them against the meta-schema at every start would cost 50 ms.
const options = { allErrors: true, strict: false, meta: false, validateSchema: false, formats } as const;
const ajv = new Ajv(options);

/** Compiled at its first use: all schemas at once would make up a quarter of the start. */
export function compileBody(schema: JsonSchema): ValidateFunction {
  let validate: ValidateFunction | undefined;
  const check = (value: unknown): boolean => {
    validate ??= ajv.compile(schema);
    const valid = validate(value);
    check.errors = validate.errors;
    return valid;
  };
  check.errors = undefined as ValidateFunction["errors"];
  return check as ValidateFunction;
}

/** Query parameters are texts: whole numbers among them are read first, and only in digits (no 1e3, 0x10, 1.0). */
export function compileQuery(schema: JsonSchema): ValidateFunction {
  const validate = compileBody(schema);
  const properties = Object.entries(schema["properties"] as Record<string, JsonSchema>);
  const whole = properties.filter(([, { type }]) => type === "integer").map(([name]) => name);
  const check = (query: Record<string, unknown>): boolean => {
    for (const name of whole) {
      const text = query[name];
      if (typeof text === "string" && /^-?\d{1,20}$/.test(text)) query[name] = Number(text);
    }
    const valid = validate(query);
    check.errors = validate.errors;
    return valid;
  };
  check.errors = validate.errors;
  return check as ValidateFunction;
}

/** One sentence a field, the first that was found for it. */
export function fieldErrors(errors: readonly ErrorObject[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const error of errors) {
    const field = fieldOf(error);
    if (!found.has(field)) found.set(field, sentence(error));
  }
  return found;
}

function fieldOf(error: ErrorObject): string {
  const path = error.instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (error.keyword === "required") path.push(String(error.params["missingProperty"]));
  return path.length === 0 ? "body" : path.join(".").slice(0, 200);
}

function sentence(error: ErrorObject): string {
  switch (error.keyword) {
    case "required":
      return "is required";
    case "enum":
      return `must be one of ${(error.params["allowedValues"] as unknown[]).map((v) => JSON.stringify(v)).join(", ")}`;
    case "format":
      return error.params["format"] === "date-time"
        ? "must be an RFC 3339 timestamp with an offset"
        : `must be a valid ${String(error.params["format"])}`;
    case "minLength":
      return error.params["limit"] === 1
        ? "must not be empty"
        : `must have at least ${String(error.params["limit"])} characters`;
    case "maxLength":
      return `must have at most ${String(error.params["limit"])} characters`;
    default:
      return error.message ?? "is invalid";
  }
}
