import { down, loadStack, type Run, up } from "rollcall";

export interface InfrastructureOptions {
  /** Say on stderr what is being done. @default true */
  readonly verbose?: boolean;
  /** @default "auto" */
  readonly runtime?: "auto" | "process" | "podman" | "docker";
  /** It stays up when this process ends, until `stopInfrastructure`. @default false: it ends with this process */
  readonly stay?: boolean;
}

/**
 * The four services under the names that users of the Python module know. What that module did step by step (clean up,
 * create the network, start, wait, start, wait …) is the plan of rollcall.config.ts, carried out by the library.
 */
export class ContainerOrchestrator {
  readonly #options: InfrastructureOptions;
  #run: Run | undefined;

  constructor(options: InfrastructureOptions = {}) {
    this.#options = options;
  }

  /**
   * Starts PostgreSQL, Redis, DataStorage and the embedding service, each once the one before it has answered.
   * Attaches to a stack that is up. Idempotent.
   * @throws RollcallError naming the service and why; nothing of the start remains.
   */
  async startAll(): Promise<void> {
    if (this.#run !== undefined) return;
    const { verbose = true, runtime = "auto", stay = false } = this.#options;
    this.#run = await up(await loadHapi(), {
      runtime,
      stay,
      onEvent: (event) => {
        const service = "service" in event ? ` ${event.service}` : "";
        if (verbose) process.stderr.write(`hapi: ${event.type}${service}\n`);
      },
    });
  }

  /** Ends this use of the stack; a stack that was up before, or that is to stay, is left up. Idempotent. */
  async stopAll(): Promise<void> {
    await this.#run?.down();
    this.#run = undefined;
  }

  /** What the tests read from their environment: DATA_STORAGE_URL, DATABASE_URL, … */
  get env(): Readonly<Record<string, string>> {
    return this.#started.env;
  }

  get dataStorageUrl(): string {
    return this.#started.service("datastorage").url();
  }

  get embeddingUrl(): string {
    return this.#started.service("embedding").url();
  }

  get #started(): Run {
    if (this.#run !== undefined) return this.#run;
    throw new Error("The stack is not started; call startAll() first.");
  }
}

export async function startInfrastructure(
  options: InfrastructureOptions = {},
): Promise<ContainerOrchestrator> {
  const orchestrator = new ContainerOrchestrator(options);
  await orchestrator.startAll();
  return orchestrator;
}

/** Without an orchestrator: takes down whatever run of the stack is up, as `rollcall down -f stacks/hapi` does. */
export async function stopInfrastructure(orchestrator?: ContainerOrchestrator): Promise<void> {
  if (orchestrator !== undefined) return orchestrator.stopAll();
  await down(await loadHapi());
}

function loadHapi() {
  return loadStack(import.meta.dirname, { cwd: import.meta.dirname });
}
