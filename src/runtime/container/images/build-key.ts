import { createHash } from "node:crypto";
import type { ImageSource } from "../../../stack/types.ts";
import type { BuildInputs } from "./build-inputs.ts";

/** Changes when anything changes that the image is made from, and only then. */
export function buildKey(
  source: Extract<ImageSource, { kind: "build" }>,
  { entries, containerfile }: BuildInputs,
  platform: string | undefined,
): string {
  const parts = [
    "rollcall build 1",
    containerfile,
    JSON.stringify(Object.entries(source.args).sort(([a], [b]) => (a < b ? -1 : 1))),
    source.target ?? "",
    platform ?? "",
    ...entries.map(({ path, mode, digest }) => JSON.stringify([path, mode, digest])),
  ];
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex").slice(0, 32);
}

export const buildRepository = "localhost/rollcall-build";

/** Names the content, not the project: whoever builds the same gets the same. */
export function buildName(key: string): string {
  return `${buildRepository}:${key}`;
}
