import type { PostgresProcess } from "../../../stack/types.ts";

/** Data that is thrown away needs no care: nothing waits for the disk. */
const defaults: Readonly<Record<string, string>> = {
  max_connections: "100",
  shared_buffers: "32MB",
  fsync: "off",
  // What was committed outlives a killed server, as tests of outages expect; only a dead machine may lose it.
  synchronous_commit: "on",
  full_page_writes: "off",
  jit: "off",
  log_checkpoints: "off",
  timezone: "UTC",
  log_timezone: "UTC",
};

/** What must hold whatever the definition says: where it listens, where it logs, what it leaves behind. */
function fixed(port: number): Readonly<Record<string, string>> {
  return {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    log_destination: "stderr",
    logging_collector: "off",
    dynamic_shared_memory_type: "mmap",
  };
}

/** The server's settings as a file; the definition's own win over the defaults. */
export function settingsFile(form: Pick<PostgresProcess, "settings">, port: number): string {
  const settings = { ...defaults, ...form.settings, ...fixed(port) };
  return Object.entries(settings)
    .map(([name, value]) => `${name} = '${value.replace(/\\/g, "\\\\").replace(/'/g, "''")}'\n`)
    .join("");
}

export function isSettingName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$/.test(name);
}
