import { defaultCacheDir, openCacheDir } from "./cache-dir.ts";
import { findPostgres, type PostgresPrograms } from "./postgres/find-postgres.ts";
import { findRedis, type RedisProgram } from "./redis/find-redis.ts";

export interface ProcessRuntimeOptions {
  /** A folder with bin/initdb and bin/postgres. @default ROLLCALL_POSTGRES_DIR, else looked for */
  readonly postgresDir?: string;
  /** Where copied and fetched programs are kept. @default ~/.cache/rollcall; root: in the temporary folder */
  readonly cacheDir?: string;
}

interface Looking {
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/** Each program is looked for once; a failed or aborted look is forgotten. */
export class Programs {
  readonly #options: ProcessRuntimeOptions;
  #postgres: Promise<PostgresPrograms> | undefined;
  #redis: Promise<RedisProgram> | undefined;
  readonly #found: string[] = [];

  constructor(options: ProcessRuntimeOptions) {
    this.#options = options;
  }

  /** "PostgreSQL 16.14, Redis 7.0.15": those found so far. */
  get found(): string {
    return this.#found.join(", ");
  }

  postgres({ signal }: Looking): Promise<PostgresPrograms> {
    const configuredDir = this.#options.postgresDir ?? (process.env["ROLLCALL_POSTGRES_DIR"] || undefined);
    this.#postgres ??= findPostgres({ configuredDir, cacheDir: this.#cacheDir(), signal }).then(
      (programs) => {
        this.#found.push(`PostgreSQL ${programs.version}`);
        return programs;
      },
      (error: unknown) => {
        this.#postgres = undefined;
        throw error;
      },
    );
    return this.#postgres;
  }

  redis({ signal, progress }: Looking): Promise<RedisProgram> {
    const configuredDir = process.env["ROLLCALL_REDIS_DIR"] || undefined;
    this.#redis ??= findRedis({ configuredDir, cacheDir: this.#cacheDir(), signal, progress }).then(
      (program) => {
        this.#found.push(`Redis ${program.version}`);
        return program;
      },
      (error: unknown) => {
        this.#redis = undefined;
        throw error;
      },
    );
    return this.#redis;
  }

  #cacheDir(): string {
    return openCacheDir(this.#options.cacheDir ?? defaultCacheDir());
  }
}
