import { type LogLevel, logLevels } from "./log.ts";

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly logLevel: LogLevel;
}

/** A value of the environment that cannot be used; the message names the variable. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * Reads the configuration from the environment; an empty value counts as none.
 * @throws ConfigError
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  return {
    host: env["EMBEDDING_SERVICE_HOST"] || "0.0.0.0",
    port: readPort(env["EMBEDDING_SERVICE_PORT"] || "8086"),
    logLevel: readLogLevel(env["LOG_LEVEL"] || "INFO"),
  };
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new ConfigError(`EMBEDDING_SERVICE_PORT must be a port from 1 to 65535, not "${text}"`);
}

function readLogLevel(text: string): LogLevel {
  const asked = text.toLowerCase();
  const level = logLevels.find((known) => known === asked || (known === "warning" && asked === "warn"));
  if (level !== undefined) return level;
  throw new ConfigError(`LOG_LEVEL must be one of ${logLevels.join(", ").toUpperCase()}, not "${text}"`);
}
