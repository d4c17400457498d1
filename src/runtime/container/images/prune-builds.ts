import { createHash } from "node:crypto";
import type { ImageSource } from "../../../stack/types.ts";
import type { Engine } from "../engine.ts";
import { buildOfLabel } from "../labels.ts";
import { buildRepository } from "./build-key.ts";

/** So many images of one unit are kept: for going back and forth between branches. */
const keptBuilds = 3;

interface ListedImage {
  readonly Id: string;
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
    if (images.length <= keptBuilds) return;
    const older = (await newestFirst(engine, images)).slice(keptBuilds);
    const tags = older.flatMap(({ RepoTags }) => RepoTags ?? []);
    for (const tag of tags) {
      if (tag === name || !tag.startsWith(`${buildRepository}:`)) continue;
      await engine.request("DELETE", `/images/${tag}`, { accept: [404, 409] }).catch(() => {});
    }
  } catch {
    // Another build will try again.
  }
}

/** A list gives times in whole seconds, and small images are built faster than that: the details have the rest. */
async function newestFirst(engine: Engine, images: readonly ListedImage[]): Promise<readonly ListedImage[]> {
  const dated = await Promise.all(
    images.map(async (image) => {
      const { Created } = await engine.get<{ readonly Created: string }>(`/images/${image.Id}/json`);
      return { image, created: dateKey(Created) };
    }),
  );
  return dated.sort((a, b) => (a.created < b.created ? 1 : -1)).map(({ image }) => image);
}

/** Nanoseconds come without their last zeros: all as long, times compare as text. */
function dateKey(created: string): string {
  const [seconds = "", fraction = ""] = created.replace(/Z$/, "").split(".");
  return `${seconds}.${fraction.padEnd(9, "0")}`;
}
