import { RollcallError } from "../../../errors/rollcall-error.ts";
import type { ContainerForm, ImageSource } from "../../../stack/types.ts";
import type { Engine } from "../engine.ts";
import type { ImageDetails } from "../engine-types.ts";
import { tagAlias } from "./alias.ts";
import { buildImage } from "./build.ts";
import { BuildInputs } from "./build-inputs.ts";
import { buildKey, buildName } from "./build-key.ts";
import { buildOwner, pruneBuilds } from "./prune-builds.ts";
import { pullImage } from "./pull.ts";
import { fullReference, isLocalOnly } from "./reference.ts";

/** An image that is there. */
export interface ProvidedImage {
  /** What containers are made from. */
  readonly name: string;
  readonly architecture: string;
  /** Of the machine that it runs on. */
  readonly engineArchitecture: Promise<string>;
}

export interface Providing {
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/** Images of one engine. */
export class Images {
  readonly #engine: Engine;
  readonly #kind: "podman" | "docker";
  readonly #architecture: () => Promise<string>;
  /** Units may share a build: the later ones wait for the first. */
  readonly #building = new Map<string, Promise<unknown>>();

  constructor(engine: Engine, kind: "podman" | "docker", architecture: () => Promise<string>) {
    this.#engine = engine;
    this.#kind = kind;
    this.#architecture = architecture;
  }

  /** Sees to it that the image is there: found, pulled or built. */
  provide(unit: string, form: ContainerForm, providing: Providing): Promise<ProvidedImage> {
    const { image, platform } = form;
    return image.kind === "image"
      ? this.#obtain(unit, image, platform, providing)
      : this.#build(unit, image, platform, providing);
  }

  /** undefined: it is not there. */
  async find(reference: string, signal?: AbortSignal): Promise<ImageDetails | undefined> {
    const full = fullReference(reference);
    for (const name of full === reference ? [full] : [reference, full]) {
      const options = { accept: [404], ...(signal === undefined ? {} : { signal }) };
      const { status, data } = await this.#engine.request("GET", `/images/${name}/json`, options);
      if (status !== 404) return data as ImageDetails;
    }
    return undefined;
  }

  async #obtain(
    unit: string,
    { reference, pull }: Extract<ImageSource, { kind: "image" }>,
    platform: string | undefined,
    { signal, progress }: Providing,
  ): Promise<ProvidedImage> {
    const fits = (image: ImageDetails | undefined): image is ImageDetails =>
      image !== undefined && (platform === undefined || isFor(image, platform));
    const before = await this.find(reference, signal);
    const local = isLocalOnly(reference);
    if (fits(before) && (pull !== "always" || local)) return this.#provided(before, before.Id);
    if (pull === "never" || local) throw missing(unit, reference, before, platform);
    await pullImage(this.#engine, { unit, reference: fullReference(reference), platform, signal, progress });
    const after = await this.find(reference, signal);
    if (!fits(after)) throw missing(unit, reference, after, platform);
    return this.#provided(after, after.Id);
  }

  async #build(
    unit: string,
    source: Extract<ImageSource, { kind: "build" }>,
    platform: string | undefined,
    { signal, progress }: Providing,
  ): Promise<ProvidedImage> {
    // What is being built may be edited meanwhile: an image must hold what its key says.
    for (let attempt = 1; ; attempt++) {
      const { inputs, key } = await readBuild(unit, source, platform);
      const name = buildName(key);
      const built = await this.#oneByOne(name, async () => {
        if ((await this.find(name, signal)) !== undefined) return true;
        const owner = buildOwner(unit, source);
        const build = {
          unit,
          source,
          inputs,
          key,
          name,
          owner,
          platform,
          signal,
          progress,
          kind: this.#kind,
        };
        const done = await buildImage(this.#engine, build);
        if (done) await pruneBuilds(this.#engine, build);
        return done;
      });
      if (!built && attempt < 3) continue;
      if (!built) {
        const message = `The build context ${source.context} of ${unit} keeps changing while it is read.`;
        throw new RollcallError("IMAGE_BUILD_FAILED", { service: unit, message });
      }
      const image = await this.find(name, signal);
      if (image === undefined) {
        const message = `The engine says that it built the image of ${unit}, and does not have it.`;
        throw new RollcallError("ENGINE_FAILED", { service: unit, message });
      }
      if (source.alias !== undefined) await tagAlias(this.#engine, this, image, name, source.alias, progress);
      return this.#provided(image, name);
    }
  }

  async #oneByOne<T>(name: string, task: () => Promise<T>): Promise<T> {
    const before = this.#building.get(name) ?? Promise.resolve();
    const mine = before.catch(() => {}).then(task);
    this.#building.set(name, mine);
    try {
      return await mine;
    } finally {
      if (this.#building.get(name) === mine) this.#building.delete(name);
    }
  }

  #provided({ Architecture }: ImageDetails, name: string): ProvidedImage {
    const engineArchitecture = this.#architecture();
    // Whoever waits for it is told.
    engineArchitecture.catch(() => {});
    return { name, architecture: Architecture, engineArchitecture };
  }
}

/** All that an image is built from, as it is now, and the key of it. */
export async function readBuild(
  unit: string,
  source: Extract<ImageSource, { kind: "build" }>,
  platform: string | undefined,
): Promise<{ readonly inputs: BuildInputs; readonly key: string }> {
  const inputs = await BuildInputs.read(unit, source);
  return { inputs, key: buildKey(source, inputs, platform) };
}

function isFor(image: ImageDetails, platform: string): boolean {
  const [os, architecture] = platform.split("/");
  return (
    architecture === undefined || (image.Os === os && image.Architecture === normalArchitecture(architecture))
  );
}

function normalArchitecture(name: string): string {
  const names: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };
  return names[name] ?? name;
}

function missing(
  unit: string,
  reference: string,
  found: ImageDetails | undefined,
  platform: string | undefined,
): RollcallError {
  if (found !== undefined) {
    const message = `The image ${reference} of ${unit} is for ${found.Os}/${found.Architecture}; ${platform} was asked for.`;
    return new RollcallError("IMAGE_MISSING", { service: unit, message });
  }
  const why = isLocalOnly(reference)
    ? "it is local-only (localhost/…), so no registry was asked"
    : "the definition says that it is never pulled";
  return new RollcallError("IMAGE_MISSING", {
    service: unit,
    message: `The image ${reference} of ${unit} is not there, and ${why}.`,
    hint: "Build it or load it into this engine, or give the service a `build`.",
  });
}
