import { readFile } from "node:fs/promises";
import { RollcallError } from "../../../errors/rollcall-error.ts";
import type { ImageSource } from "../../../stack/types.ts";
import { type ContextFile, listContext } from "./context.ts";
import { DigestCache } from "./digest-cache.ts";
import { ignoreFiles, readIgnore } from "./ignore.ts";

export interface ContextEntry extends ContextFile {
  /** SHA-256 of a file's content, the target of a link, "" for a folder. */
  readonly digest: string;
}

/** All that an image is built from. */
export class BuildInputs {
  readonly entries: readonly ContextEntry[];
  /** Its text. */
  readonly containerfile: string;

  /** Where the Containerfile lies in the context; undefined: it has to be added. */
  readonly containerfilePath: string | undefined;

  private constructor(entries: readonly ContextEntry[], containerfile: string, path: string | undefined) {
    this.entries = entries;
    this.containerfile = containerfile;
    this.containerfilePath = path;
  }

  static async read(unit: string, source: Extract<ImageSource, { kind: "build" }>): Promise<BuildInputs> {
    const { context, containerfile } = source;
    try {
      const text = "text" in containerfile ? containerfile.text : await readFile(containerfile.path, "utf8");
      const ignore = await readIgnore(context, "path" in containerfile ? containerfile.path : undefined);
      const listed = await listContext(context, ignore);
      // The engine would apply ignore files that were not meant for this Containerfile.
      const files = ignore.known ? listed : listed.filter(({ path }) => !ignoreFiles.includes(path));
      const cache = await DigestCache.open(context);
      const entries: ContextEntry[] = [];
      for (const file of files) entries.push({ ...file, digest: await cache.digestOf(file) });
      await cache.save();
      const inside =
        "path" in containerfile ? entries.find(({ absolute }) => absolute === containerfile.path) : undefined;
      return new BuildInputs(entries, text, inside?.type === "file" ? inside.path : undefined);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new RollcallError("IMAGE_BUILD_FAILED", {
        service: unit,
        message: `What the image of ${unit} is built from cannot be read: ${why}`,
        hint: "Check the paths of the build context and of the Containerfile.",
        cause,
      });
    }
  }
}
