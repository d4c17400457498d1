import { RollcallError } from "../errors/rollcall-error.ts";

export interface RedisAccess {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Number of the database. */
  readonly index: number;
}

/** Throws USAGE, without the URL itself: it may hold a password. */
export function readRedisUrl(text: string): RedisAccess {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const index = Number(url?.pathname.slice(1) || 0);
  if (url?.protocol !== "redis:" || url.hostname === "" || !Number.isInteger(index)) {
    throw new RollcallError("USAGE", {
      message: `A Redis URL was expected, got ${url === undefined ? "something that is no URL" : `one that starts with ${url.protocol}`}.`,
      hint: "Write redis://:password@127.0.0.1:6379/0.",
    });
  }
  return {
    host: url.hostname,
    port: Number(url.port || 6379),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    index,
  };
}

export function redisUrl({ host, port, user, password, index }: RedisAccess): string {
  const login = password === "" ? "" : `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
  return `redis://${login}${host}:${port}/${index}`;
}
