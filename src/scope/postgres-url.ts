import { RollcallError } from "../errors/rollcall-error.ts";

/** Where a PostgreSQL server is, and as whom. */
export interface PostgresAccess {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** Throws USAGE, without the URL itself: it may hold a password. */
export function readPostgresUrl(text: string): PostgresAccess {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol) || url.hostname === "") {
    throw new RollcallError("USAGE", {
      message: `A PostgreSQL URL was expected, got ${url === undefined ? "something that is no URL" : `one that starts with ${url.protocol}`}.`,
      hint: "Write postgresql://user:password@127.0.0.1:5432/database.",
    });
  }
  const user = decodeURIComponent(url.username) || "postgres";
  return {
    host: url.hostname,
    port: Number(url.port || 5432),
    user,
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)) || user,
  };
}

export function postgresUrl({ host, port, user, password, database }: PostgresAccess): string {
  const name = encodeURIComponent;
  const secret = password === "" ? "" : `:${name(password)}`;
  // As little as can be: node-postgres decodes a path's reserved characters not at all.
  const path = encodeURI(database).replace(/[?#]/g, name);
  return `postgresql://${name(user)}${secret}@${host}:${port}/${path}`;
}
