import { RollcallError } from "../../../errors/rollcall-error.ts";
import type { ImageSource } from "../../../stack/types.ts";
import type { Engine } from "../engine.ts";
import { EngineRefusal } from "../engine-refusal.ts";
import { buildLabel, buildOfLabel } from "../labels.ts";
import type { BuildInputs } from "./build-inputs.ts";
import { createStepMark, endSteps } from "./build-steps.ts";
import { removeLayers, trackLayers } from "./built-layers.ts";
import { archiveContext } from "./context-archive.ts";
import { errorOf, jsonLines } from "./json-lines.ts";

/** Until the engine begins to answer: Podman reads the whole context before. */
const beginLimitMs = 1_800_000;
const tailLines = 40;

export interface Build {
  readonly unit: string;
  readonly source: Extract<ImageSource, { kind: "build" }>;
  readonly inputs: BuildInputs;
  readonly key: string;
  readonly name: string;
  /** Whose earlier images it replaces. */
  readonly owner: string;
  readonly platform: string | undefined;
  readonly kind: "podman" | "docker";
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/** False: the context changed while it was read, and nothing was built. Throws IMAGE_BUILD_FAILED. */
export async function buildImage(engine: Engine, build: Build): Promise<boolean> {
  const { source, key, name, platform, signal, progress, inputs } = build;
  const archive = archiveContext(inputs);
  const layers = trackLayers();
  const mark = createStepMark();
  const tail: string[] = [];
  try {
    progress(`building from ${source.context} (${inputs.entries.length} files)`);
    const stream = await engine.stream("POST", "/build", {
      query: {
        t: name,
        dockerfile: archive.containerfile,
        buildargs: JSON.stringify(source.args),
        labels: JSON.stringify({ [buildLabel]: key, [buildOfLabel]: build.owner }),
        // Containers of steps are removed, also of those that fail.
        rm: true,
        forcerm: true,
        // Bases that are there are used as they are.
        ...(build.kind === "podman"
          ? { pullpolicy: "missing", extrahosts: JSON.stringify([`${mark}:127.0.0.1`]) }
          : {}),
        ...(source.target === undefined ? {} : { target: source.target }),
        ...(platform === undefined ? {} : { platform }),
      },
      headers: { "Content-Type": "application/x-tar" },
      archive: archive.stream,
      signal,
      limitMs: beginLimitMs,
    });
    for await (const line of jsonLines(stream)) {
      const error = errorOf(line);
      if (error !== undefined) throw new EngineRefusal("POST", "/build", 500, error.trim());
      for (const text of textsOf(line.stream ?? line.status)) {
        layers.see(text);
        tail.push(text);
        if (tail.length > tailLines) tail.shift();
        progress(text);
      }
    }
    return true;
  } catch (error) {
    archive.close();
    if (signal.aborted && build.kind === "podman") endSteps(mark);
    await removeLayers(engine, layers.made());
    if (signal.aborted) throw signal.reason;
    if (archive.changed()) return false;
    throw buildFailure(error, build, tail);
  }
}

function textsOf(text: string | undefined): readonly string[] {
  return (text ?? "")
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "");
}

function buildFailure(error: unknown, { unit, source }: Build, tail: readonly string[]): unknown {
  if (!(error instanceof EngineRefusal)) return error;
  const { said } = error;
  const base =
    /(?:pull access denied|no such image|initializing source|lookup registry|not found: manifest)/i;
  return new RollcallError("IMAGE_BUILD_FAILED", {
    service: unit,
    message: `The image of ${unit} could not be built from ${source.context}: ${said}`,
    logTail: tail,
    ...(/no space left/i.test([said, ...tail].join("\n")) && {
      hint: "The engine's disk is full: remove images and containers that nobody uses.",
    }),
    ...(base.test(said) && { hint: "Its base image is not there and could not be pulled." }),
    cause: error,
  });
}
