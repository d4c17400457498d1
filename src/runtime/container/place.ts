import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { RollcallError } from "../../errors/rollcall-error.ts";
import type { ContainerForm, Stack, Unit } from "../../stack/types.ts";
import { orAborted } from "../../util/or-aborted.ts";
import type { Exit, Instance, InstanceRecord, Leftover, Place, RunIdentity, StartOrder } from "../types.ts";
import { containerConfig } from "./container-config.ts";
import type { Engine } from "./engine.ts";
import { EngineRefusal, isMissing } from "./engine-refusal.ts";
import type { ContainerDetails, ListedContainer } from "./engine-types.ts";
import { exitOf, hasEnded } from "./exit-of.ts";
import { watchExit } from "./exit-watch.ts";
import { type Images, type ProvidedImage, type Providing, readBuild } from "./images/images.ts";
import { ContainerInstance, type Started } from "./instance.ts";
import { parseInstanceDetail } from "./instance-detail.ts";
import { buildLabel, filterOf, runLabel } from "./labels.ts";
import { containerName } from "./names.ts";
import { findOwned, leftovers } from "./owned.ts";
import { putFiles } from "./put-files.ts";
import { removeOwned } from "./remove.ts";
import type { ContainerRuntime } from "./runtime.ts";
import { asEngineFailure, makeSharedObjects } from "./shared-objects.ts";
import { startFailure } from "./start-failure.ts";
import { explainWrongArchitecture } from "./wrong-architecture.ts";

/** An engine may be slow to start under load; the unit's budget ends a wait before this. */
const startLimitMs = 300_000;

/** One run in one engine. */
export class ContainerPlace implements Place {
  readonly #kind: "podman" | "docker";
  readonly #engine: Engine;
  readonly #images: Images;
  readonly #run: RunIdentity;
  readonly #prepared = new Map<string, ProvidedImage>();
  readonly #instances = new Set<ContainerInstance>();
  /** What the engine has been asked to make and has not answered yet. */
  readonly #making = new Map<Promise<unknown>, Leftover>();

  constructor(
    { kind, engine, images }: Pick<ContainerRuntime, "kind" | "engine" | "images">,
    run: RunIdentity,
  ) {
    this.#kind = kind;
    this.#engine = engine;
    this.#images = images;
    this.#run = run;
  }

  async prepare(
    unit: Unit,
    options: { readonly signal: AbortSignal; readonly progress: (text: string) => void },
  ): Promise<void> {
    await this.#provide(unit, options);
  }

  async setUp(stack: Stack, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    try {
      await this.#make(
        { kind: "network", text: "network and volumes, which the engine has not made yet" },
        signal,
        () => makeSharedObjects(this.#engine, this.#run, stack),
      );
    } catch (error) {
      throw asEngineFailure(error, "The run's network and volumes could not be made");
    }
  }

  async start(order: StartOrder, { signal }: { readonly signal: AbortSignal }): Promise<Instance> {
    const { unit, logFile, ports } = order;
    const form = formOf(unit);
    const image =
      this.#prepared.get(unit.name) ?? (await this.#provide(unit, { signal, progress: () => {} }));
    try {
      const id = await this.#create(order, form, image.name, signal);
      await putFiles(this.#engine, id, order, signal);
      const logFrom = await makeLogFile(logFile);
      const watch = watchExit(this.#engine, id, "next-exit");
      try {
        const options = { signal, limitMs: startLimitMs, accept: [304] };
        await this.#engine.request("POST", `/containers/${id}/start`, options);
        watch.look();
        const details = await this.#engine.get<ContainerDetails>(`/containers/${id}/json`, { signal });
        const detail = { log: logFile, ports: [...ports] };
        const instance = this.#track({ unit: unit.name, details, logFrom, detail, watch });
        await explainWrongArchitecture(unit.name, image, instance, logFile);
        return instance;
      } catch (error) {
        watch.close();
        throw error;
      }
    } catch (error) {
      throw await startFailure(error, order);
    }
  }

  async adopt(record: InstanceRecord): Promise<Instance | undefined> {
    const detail = parseInstanceDetail(record.detail);
    if (detail === undefined) return undefined;
    const details = await this.#recorded(record);
    if (details === undefined || !(details.State.Running || details.State.Paused)) return undefined;
    const watch = watchExit(this.#engine, details.Id, "not-running");
    return this.#track({ unit: record.unit, details, logFrom: record.logFrom ?? 0, detail, watch });
  }

  async exitOf(record: InstanceRecord): Promise<Exit | undefined> {
    const details = await this.#recorded(record);
    return details !== undefined && hasEnded(details.State) ? exitOf(details.State) : undefined;
  }

  async isCurrent(unit: Unit, record: InstanceRecord): Promise<boolean> {
    const { image, platform } = formOf(unit);
    if (image.kind !== "build") return true;
    // A container has the labels of its image.
    const built = (await this.#recorded(record))?.Config.Labels?.[buildLabel];
    if (built === undefined) return true;
    // What cannot be read any more is not what it was.
    const now = await readBuild(unit.name, image, platform).catch(() => undefined);
    return built === now?.key;
  }

  async settled({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    await orAborted(Promise.allSettled(this.#making.keys()), signal).catch(() => {});
  }

  async remove({ signal }: { readonly signal: AbortSignal }): Promise<readonly Leftover[]> {
    try {
      const left = await removeOwned(this.#engine, this.#run, signal);
      await rm(this.#run.tempDir, { recursive: true, force: true });
      return left;
    } catch (error) {
      throw asEngineFailure(error, `The run ${this.#run.id} could not be removed`);
    }
  }

  async audit(): Promise<readonly Leftover[]> {
    return [...leftovers(await findOwned(this.#engine, this.#run.id)), ...this.#making.values()];
  }

  async close(): Promise<void> {
    for (const instance of this.#instances) instance.close();
    this.#instances.clear();
  }

  /**
   * An engine goes on with what it was asked for after the asker has hung up: what it makes is waited for, also when
   * it is not wanted any more, so that `remove` finds it.
   */
  async #make<T>(what: Leftover, signal: AbortSignal, make: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const making = make();
    this.#making.set(making, what);
    try {
      return await making;
    } finally {
      this.#making.delete(making);
      signal.throwIfAborted();
    }
  }

  async #provide(unit: Unit, options: Providing): Promise<ProvidedImage> {
    try {
      const image = await this.#images.provide(unit.name, formOf(unit), options);
      this.#prepared.set(unit.name, image);
      return image;
    } catch (error) {
      throw asEngineFailure(error, `The image of ${unit.name} could not be provided`);
    }
  }

  /** The container of exactly this start; undefined: it is gone, or has been started again since. */
  async #recorded({ unit, incarnation }: InstanceRecord): Promise<ContainerDetails | undefined> {
    try {
      const path = `/containers/${encodeURIComponent(incarnation.id)}/json`;
      const details = await this.#engine.get<ContainerDetails>(path);
      if (details.Config.Labels?.[runLabel] !== this.#run.id) return undefined;
      return details.State.StartedAt === incarnation.startTime ? details : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw asEngineFailure(error, `The container of ${unit} could not be looked at`);
    }
  }

  #track(started: Omit<Started, "engine" | "kind">): ContainerInstance {
    const instance = new ContainerInstance({ ...started, engine: this.#engine, kind: this.#kind });
    this.#instances.add(instance);
    return instance;
  }

  /** The unit's container: a new one, or, when it is started again, the one that it had. */
  async #create(order: StartOrder, form: ContainerForm, image: string, signal: AbortSignal): Promise<string> {
    const name = containerName(this.#run, order.unit.name);
    const before = await this.#existing(order.unit.name, signal);
    if (before?.State === "running") {
      throw new RollcallError("START_FAILED", { service: order.unit.name, message: `${name} runs already.` });
    }
    if (before !== undefined) return before.Id;
    await checkBinds(order.unit);
    const body = containerConfig(this.#run, order, form, image);
    const platform = form.platform === undefined ? {} : { platform: form.platform };
    try {
      const query = { name, ...platform };
      const options = { query, body, limitMs: startLimitMs };
      const create = () => this.#engine.request("POST", "/containers/create", options);
      const what = {
        kind: "container",
        text: `container ${name}, which the engine has not made yet`,
      } as const;
      const { data } = await this.#make(what, signal, create);
      return (data as { readonly Id: string }).Id;
    } catch (error) {
      if (error instanceof EngineRefusal && /already in use/.test(error.said)) {
        throw await this.#nameTaken(name, order.unit.name);
      }
      throw error;
    }
  }

  async #existing(unit: string, signal: AbortSignal): Promise<ListedContainer | undefined> {
    const query = { all: true, filters: filterOf(this.#run.id, unit) };
    const found = await this.#engine.get<readonly ListedContainer[]>("/containers/json", { query, signal });
    return found[0];
  }

  async #nameTaken(name: string, service: string): Promise<RollcallError> {
    const holder = await this.#engine
      .get<ContainerDetails>(`/containers/${name}/json`)
      .catch(() => undefined);
    const what =
      holder === undefined ? "" : ` by container ${holder.Id.slice(0, 12)} (${holder.State.Status})`;
    return new RollcallError("NAME_TAKEN", {
      service,
      message: `The container name ${name} is taken${what}, and not by this run.`,
    });
  }
}

function formOf(unit: Unit): ContainerForm {
  if (unit.container !== undefined) return unit.container;
  throw new RollcallError("RUNTIME_UNSUITABLE", {
    service: unit.name,
    message: `${unit.name} has neither an image nor a build: it cannot run in a container engine.`,
  });
}

/** Podman would make an empty folder of root's where the source of a bind is missing. */
async function checkBinds({ name, files }: Unit): Promise<void> {
  for (const file of files) {
    if (file.kind !== "bind") continue;
    await stat(file.source).catch((cause) => {
      const message = `${name}: ${file.source}, to be mounted at ${file.target}, does not exist on this machine.`;
      throw new RollcallError("START_FAILED", { service: name, message, cause });
    });
  }
}

/** There from the start, so that readers need not wait for its first line; a second start goes on with it. Its size. */
async function makeLogFile(file: string): Promise<number> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, "", { flag: "a", mode: 0o600 });
  return (await stat(file)).size;
}
