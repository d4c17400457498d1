import type { RawUnit } from "../../src/stack/raw.ts";

export const nodeImage = "docker.io/library/node:20-bookworm-slim";
export const postgresImage = "docker.io/library/postgres:16-alpine";
export const busybox = "docker.io/library/busybox:1";

/** A small HTTP service of busybox that shows its environment; the lightest there is. */
export function page(more: Partial<RawUnit> = {}): RawUnit {
  return {
    image: busybox,
    pull: "never",
    command: ["sh", "-c", "mkdir /www; env > /www/index.html; exec httpd -f -p 8080 -h /www"],
    ports: { http: { container: 8080, host: "free", scheme: "http" } },
    ready: { http: "/" },
    budget: "90s",
    stop: { signal: "SIGKILL" },
    ...more,
  };
}

/** One that never gets ready. */
export function stuck(more: Partial<RawUnit> = {}): RawUnit {
  return page({ command: ["sh", "-c", "echo begun; exec sleep 600"], ...more });
}
