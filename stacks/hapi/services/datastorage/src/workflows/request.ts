import { createHash } from "node:crypto";
import type { LabelWildcards } from "../config.ts";
import { isObject, withoutNulls } from "../http/operation.ts";
import { Problem } from "../http/problem.ts";
import { LABELS } from "./schema.ts";

const KNOWN_LABELS: ReadonlySet<string> = new Set(LABELS);
const KNOWN_FILTERS: ReadonlySet<string> = new Set([...LABELS, "custom_labels", "status"]);

/** Free values; known labels are texts, which a number must not be taken for. */
export function exactInCreate([key = "", label]: readonly string[]): boolean {
  if (key === "labels") return label !== undefined && !KNOWN_LABELS.has(snakeKey(label));
  return key === "parameters" || key === "detected_labels";
}

export function exactInSearch([key, filter]: readonly string[]): boolean {
  return key === "filters" && filter !== undefined && !KNOWN_FILTERS.has(snakeKey(filter));
}

/** Brings a create request into the schema's form; in `documented` mode also names and defaults. */
export function prepareCreate(body: unknown, mode: LabelWildcards, required: readonly string[]): unknown {
  if (mode === "strict" || !isObject(body)) return withoutNulls(body, required);
  const named = snakeKeys(withoutNulls(body, required));
  if (!isObject(named)) return named;
  const image = named["container_image"];
  const digest = typeof image === "string" ? /@(sha256:[^@\s]+)$/.exec(image)?.[1] : undefined;
  const content = named["content"];
  return {
    execution_engine: "tekton",
    status: "active",
    ...(typeof content === "string" ? { content_hash: sha256Hex(content) } : {}),
    ...(digest === undefined ? {} : { container_digest: digest }),
    ...named,
    labels: named["labels"] === undefined ? {} : withoutNulls(snakeKeys(named["labels"])),
  };
}

export function prepareSearch(body: unknown, mode: LabelWildcards, required: readonly string[]): unknown {
  const plain = withoutNulls(mode === "documented" ? snakeKeys(body) : body, ["filters"]);
  if (!isObject(plain) || !isObject(plain["filters"])) return plain;
  const filters = mode === "documented" ? snakeKeys(plain["filters"]) : plain["filters"];
  return { ...plain, filters: withoutNulls(filters, required) };
}

/** @throws Problem when the body would change what a version is. */
export function prepareUpdate(body: unknown): unknown {
  if (!isObject(body)) return body;
  for (const field of ["description", "content", "labels"]) {
    if (!Object.hasOwn(body, field)) continue;
    throw new Problem(
      400,
      "immutable-field-violation",
      `${field} cannot be changed; create a new version of the workflow instead`,
    );
  }
  return withoutNulls(body);
}

export function sha256Hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function snakeKeys(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [snakeKey(key), item]));
}

function snakeKey(key: string): string {
  return key.replaceAll("-", "_");
}
