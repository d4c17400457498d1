import { platform, tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Address of a socket by name. Linux: the abstract namespace, which the kernel cleans when the listener dies. The name
 * has full length, since versions of Node differ in how they fill up a shorter one. Elsewhere: a file or a pipe.
 */
export function socketAddress(name: string): string {
  if (platform() === "linux") return `\0${name}`.padEnd(108, "-");
  return platform() === "win32" ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}
