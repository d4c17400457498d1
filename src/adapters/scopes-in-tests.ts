import { createServiceScopes, type OpenScopes, type ServiceScopes } from "../scope/service-scopes.ts";

interface Opened {
  readonly run: string;
  readonly scopes: OpenScopes;
}

/** Of this process, whatever views of the stack its test files make: connections to a server are few. */
const opened = new Map<string, Opened>();

export interface ScopedInTests {
  readonly run: string;
  readonly name: string;
  readonly url: string;
}

/** The scopes of one service of a run. Nothing of them keeps a worker from ending. */
export function scopesInTests({ run, name, url }: ScopedInTests): ServiceScopes {
  const found = opened.get(url);
  if (found?.run === run) return found.scopes;
  // Another server is there now.
  void found?.scopes.close();
  const scopes = createServiceScopes({ name, kind: kindOf(url), url: () => url });
  opened.set(url, { run, scopes });
  return scopes;
}

function kindOf(url: string): "postgres" | "redis" | undefined {
  if (/^postgres(ql)?:/.test(url)) return "postgres";
  return url.startsWith("redis:") ? "redis" : undefined;
}
