import { readFileSync } from "node:fs";

/** A user of this machine as /etc/passwd has it. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** undefined: /etc/passwd does not know it. */
export function findUser(name: string): SystemUser | undefined {
  return readUsers().find((user) => user.name === name);
}

/** The user's name; its number where it has none. */
export function userName(uid: number): string | undefined {
  if (uid < 0) return undefined;
  return readUsers().find((user) => user.uid === uid)?.name ?? String(uid);
}

function readUsers(): readonly SystemUser[] {
  let text: string;
  try {
    text = readFileSync("/etc/passwd", "utf8");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => {
    const [name, , uid, gid] = line.split(":");
    if (name === undefined || name === "" || uid === undefined || gid === undefined) return [];
    return [{ name, uid: Number(uid), gid: Number(gid) }];
  });
}
