import type { Stack } from "../../stack/types.ts";
import type { MarkedRun, Place, Refusal, RunIdentity, Runtime } from "../types.ts";
import type { Engine } from "./engine.ts";
import type { EngineIdentity } from "./identity.ts";
import { Images } from "./images/images.ts";
import { findMarked } from "./owned.ts";
import { ContainerPlace } from "./place.ts";

/** A real container engine, reached through its API. */
export class ContainerRuntime implements Runtime {
  readonly kind: "podman" | "docker";
  readonly description: string;
  readonly address: string;
  readonly addressing = "inside";
  readonly engine: Engine;
  readonly images: Images;

  constructor(engine: Engine, { kind, version, architecture }: EngineIdentity) {
    this.kind = kind;
    const name = this.kind === "podman" ? "Podman" : "Docker";
    this.description = `${name} ${version} (${engine.endpoint})`;
    this.address = engine.endpoint;
    this.engine = engine;
    this.images = new Images(engine, this.kind, architecture);
  }

  async refusals(stack: Stack): Promise<readonly Refusal[]> {
    return stack.units.flatMap(({ name, container, files }) => {
      if (container === undefined) {
        const text = `${name} has neither an image nor a build`;
        return [{ unit: name, text, hint: "Give it an image, or use --runtime process." }];
      }
      const copied = files.find((file) => file.kind === "copy" || file.kind === "content");
      if (container.readOnly && copied !== undefined) {
        const text = `${name} is read-only, so nothing can be copied to ${copied.target}`;
        return [{ unit: name, text, hint: "Mount the file with a bind instead of copying it." }];
      }
      return [];
    });
  }

  open(run: RunIdentity): Place {
    return new ContainerPlace(this, run);
  }

  marked(): Promise<readonly MarkedRun[]> {
    return findMarked(this.engine);
  }

  async close(): Promise<void> {}
}
