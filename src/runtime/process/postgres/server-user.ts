import { findUser, type SystemUser } from "../../../util/users.ts";

/**
 * As whom PostgreSQL runs: it refuses root, so root's runs as `postgres` where that user exists, else as `nobody`.
 * undefined: as we are.
 */
export function serverUser(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  return findUser("postgres") ?? findUser("nobody") ?? { name: "nobody", uid: 65_534, gid: 65_534 };
}
