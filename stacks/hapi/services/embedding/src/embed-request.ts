/** One entry of a 422 answer, as pydantic words it: existing clients parse it. */
export interface Mistake {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input: unknown;
  readonly ctx?: Readonly<Record<string, unknown>>;
}

export type EmbedRequest =
  | { readonly kind: "one"; readonly text: string }
  | { readonly kind: "batch"; readonly texts: readonly string[] }
  | { readonly kind: "invalid"; readonly detail: readonly Mistake[] };

/** Unicode characters of one text, after trimming. */
export const longestText = 10_000;
export const largestBatch = 32;

/** Reads the body of POST /api/v1/embed. */
export function readEmbedRequest(body: string): EmbedRequest {
  let value: unknown;
  try {
    value = body.trim() === "" ? null : JSON.parse(body);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const loc = ["body", positionOf(reason, body)];
    return invalid({
      type: "json_invalid",
      loc,
      msg: "JSON decode error",
      input: {},
      ctx: { error: reason },
    });
  }
  if (value === null) {
    return invalid({ type: "missing", loc: ["body"], msg: "Field required", input: null });
  }
  if (typeof value !== "object" || Array.isArray(value)) {
    const msg = "Input should be a valid dictionary or object to extract fields from";
    return invalid({ type: "model_attributes_type", loc: ["body"], msg, input: value });
  }
  return readFields(value);
}

/** Where the parser stopped, as far as it says so. */
function positionOf(reason: string, body: string): number {
  const [, position] = /at position (\d+)/.exec(reason) ?? [];
  if (position !== undefined) return Number(position);
  return reason.startsWith("Unexpected end") ? body.length : 0;
}

function readFields(body: object): EmbedRequest {
  // null means absent for the one that need not be there.
  const texts = ("texts" in body ? body.texts : undefined) ?? undefined;
  const given = "text" in body ? body.text : undefined;
  const text = texts === undefined ? given : (given ?? undefined);
  if (text !== undefined && texts !== undefined) {
    const msg = "Value error, give either text or texts, not both";
    return invalid({ type: "value_error", loc: ["body"], msg, input: body });
  }
  if (texts !== undefined) return readBatch(texts);
  if (text === undefined) {
    return invalid({ type: "missing", loc: ["body", "text"], msg: "Field required", input: body });
  }
  const read = readText(text, ["body", "text"]);
  return typeof read === "string" ? { kind: "one", text: read } : invalid(read);
}

function readBatch(texts: unknown): EmbedRequest {
  const loc = ["body", "texts"];
  if (!Array.isArray(texts)) {
    return invalid({ type: "list_type", loc, msg: "Input should be a valid list", input: texts });
  }
  if (texts.length === 0) {
    const ctx = { field_type: "List", min_length: 1, actual_length: 0 };
    const msg = "List should have at least 1 item after validation, not 0";
    return invalid({ type: "too_short", loc, msg, input: texts, ctx });
  }
  if (texts.length > largestBatch) {
    const ctx = { field_type: "List", max_length: largestBatch, actual_length: texts.length };
    const msg = `List should have at most ${largestBatch} items after validation, not ${texts.length}`;
    return invalid({ type: "too_long", loc, msg, input: texts, ctx });
  }
  const read = texts.map((text: unknown, index) => readText(text, [...loc, index]));
  const mistakes = read.filter((entry) => typeof entry !== "string");
  if (mistakes.length > 0) return invalid(...mistakes);
  return { kind: "batch", texts: read.filter((entry) => typeof entry === "string") };
}

function readText(input: unknown, loc: Mistake["loc"]): string | Mistake {
  if (typeof input !== "string") {
    return { type: "string_type", loc, msg: "Input should be a valid string", input };
  }
  const text = input.trim();
  if (text === "") {
    const msg = "String should have at least 1 character";
    return { type: "string_too_short", loc, msg, input, ctx: { min_length: 1 } };
  }
  if (text.length > longestText && countCharacters(text) > longestText) {
    const msg = `String should have at most ${longestText} characters`;
    return { type: "string_too_long", loc, msg, input, ctx: { max_length: longestText } };
  }
  return text;
}

/** As Python counts: a character outside the basic plane is one, not two. */
function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function invalid(...detail: Mistake[]): EmbedRequest {
  return { kind: "invalid", detail: detail.map(echoable) };
}

/** A value may be nested deeper than can be written: the answer must not fail by what it echoes. */
function echoable(mistake: Mistake): Mistake {
  try {
    JSON.stringify(mistake.input);
    return mistake;
  } catch {
    return { ...mistake, input: null };
  }
}
