import { hostname } from "node:os";
import { bootId, ownerAlive } from "../../util/owner.ts";
import type { RunRecord, RunUser } from "../types.ts";

/** Those who use the run and live. */
export function livingUsers(record: RunRecord): readonly RunUser[] {
  return record.users.filter((user) => ownerAlive(user.owner));
}

export function withUser(record: RunRecord, user: RunUser): RunRecord {
  return { ...record, users: [...livingUsers(record), user] };
}

export function withoutUser(record: RunRecord, id: string): RunRecord {
  return { ...record, users: livingUsers(record).filter((user) => user.id !== id) };
}

export function hasEnded(record: RunRecord): boolean {
  return record.state === "stopped";
}

/**
 * Nobody is responsible for it any more: its users are dead, and it was not left up on purpose, or the machine has
 * been started anew since.
 */
export function isAbandoned(record: RunRecord): boolean {
  if (hasEnded(record) || livingUsers(record).length > 0) return false;
  const leftUp = record.stay && (record.state === "ready" || record.state === "failed");
  return !leftUp || fromEarlierBoot(record);
}

export function fromEarlierBoot({ owner }: RunRecord): boolean {
  return owner.host === hostname() && owner.bootId !== bootId();
}
