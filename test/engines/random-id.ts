import { randomBytes } from "node:crypto";

/** An RFC 1123 label that nobody else has. */
export function randomId(): string {
  return `t${randomBytes(6).toString("hex")}`;
}
