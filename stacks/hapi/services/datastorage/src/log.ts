import pino, { type Logger } from "pino";
import type { LogLevel } from "./config.ts";

/** One JSON object a line on standard output. */
export function createLog(level: LogLevel): Logger {
  return pino({
    level,
    base: { service: "datastorage" },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
}
