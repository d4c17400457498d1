import { createHash } from "node:crypto";
import type { ImageSource } from "../../../stack/types.ts";
import type { Engine } from "../engine.ts";
import { buildOfLabel } from "../labels.ts";
import { buildRepository } from "./build-key.ts";

/** So many images of one unit are kept: for going back and forth between branches. */
const keptBuilds = 3;

interface ListedImage {
  readonly Created: number;
  readonly RepoTags?: readonly string[] | null;
}

/** Whose build it is: the same unit of the same folder, whatever is in it. */
export function buildOwner(
  unit: string,
  { context, target }: Extract<ImageSource, { kind: "build" }>,
): string {
  return createHash("sha256")
    .update(JSON.stringify([context, unit, target]))
    .digest("hex")
    .slice(0, 16);
}

/** Removes the unit's older images. What a container uses refuses to go, and stays; failing costs only room. */
export async function pruneBuilds(
  engine: Engine,
  { owner, name }: { readonly owner: string; readonly name: string },
): Promise<void> {
  try {
    const query = { filters: JSON.stringify({ label: [`${buildOfLabel}=${owner}`] }) };
    const images = await engine.get<readonly ListedImage[]>("/images/json", { query });
    const older = [...images].sort((a, b) => b.Created - a.Created).slice(keptBuilds);
    const tags = older.flatMap(({ RepoTags }) => RepoTags ?? []);
    for (const tag of tags) {
      if (tag === name || !tag.startsWith(`${buildRepository}:`)) continue;
      await engine.request("DELETE", `/images/${tag}`, { accept: [404, 409] }).catch(() => {});
    }
  } catch {
    // Another build will try again.
  }
}
