export type LabelWildcards = "strict" | "documented";
export type LogLevel = "debug" | "info" | "warn" | "error";

export interface Config {
  readonly db: {
    readonly host: string;
    readonly port: number;
    readonly name: string;
    readonly user: string;
    readonly password: string;
    readonly poolMax: number;
  };
  readonly redis: { readonly host: string; readonly port: number };
  readonly logLevel: LogLevel;
  /** Address to listen on; every address by default, because a container's published port arrives from outside. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly metricsPort: number;
  readonly embeddingUrl: string | undefined;
  readonly labelWildcards: LabelWildcards;
}

/** The environment cannot be used; `message` is one line that names every variable at fault. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

type Env = Readonly<Record<string, string | undefined>>;

/** @throws ConfigError naming each missing or bad variable. */
export function readConfig(env: Env): Config {
  const problems: string[] = [];
  const required = (name: string): string => {
    const value = env[name];
    if (value === undefined || value.trim() === "") problems.push(`${name} is missing`);
    return value ?? "";
  };
  const whole = (name: string, text: string, min: number, max: number): number => {
    if (text.trim() === "") return Number.NaN;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    problems.push(`${name} must be a whole number from ${min} to ${max}, got ${JSON.stringify(text)}`);
    return Number.NaN;
  };
  const oneOf = <T extends string>(name: string, text: string, values: readonly T[]): T => {
    const found = values.find((value) => value === text.toLowerCase());
    if (found !== undefined) return found;
    if (text.trim() !== "") {
      problems.push(`${name} must be one of ${values.join(", ")}, got ${JSON.stringify(text)}`);
    }
    return values[0] as T;
  };
  const optional = (name: string, fallback: string): string => env[name]?.trim() || fallback;

  const config: Config = {
    db: {
      host: required("DB_HOST"),
      port: whole("DB_PORT", required("DB_PORT"), 1, 65535),
      name: required("DB_NAME"),
      user: required("DB_USER"),
      password: required("DB_PASSWORD"),
      poolMax: whole("DB_POOL_MAX", optional("DB_POOL_MAX", "25"), 1, 1000),
    },
    redis: {
      host: required("REDIS_HOST"),
      port: whole("REDIS_PORT", required("REDIS_PORT"), 1, 65535),
    },
    logLevel: oneOf("LOG_LEVEL", logLevelText(required("LOG_LEVEL")), ["info", "debug", "warn", "error"]),
    host: optional("LISTEN_HOST", "0.0.0.0"),
    port: whole("PORT", optional("PORT", "8080"), 0, 65535),
    metricsPort: whole("METRICS_PORT", optional("METRICS_PORT", "9090"), 0, 65535),
    embeddingUrl: embeddingUrl(env["EMBEDDING_URL"], problems),
    labelWildcards: oneOf("LABEL_WILDCARDS", optional("LABEL_WILDCARDS", "strict"), ["strict", "documented"]),
  };
  if (config.port === config.metricsPort && config.port !== 0) {
    problems.push(`METRICS_PORT must differ from PORT, both are ${config.port}`);
  }
  if (problems.length > 0) throw new ConfigError(problems.join("; "));
  return config;
}

function logLevelText(text: string): string {
  return text.toLowerCase() === "warning" ? "warn" : text;
}

function embeddingUrl(text: string | undefined, problems: string[]): string | undefined {
  const trimmed = text?.trim();
  if (!trimmed) return undefined;
  const url = URL.canParse(trimmed) ? new URL(trimmed) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return trimmed.replace(/\/+$/, "");
  problems.push(`EMBEDDING_URL must be an http or https URL, got ${JSON.stringify(trimmed)}`);
  return undefined;
}
