import type { Status } from "../run/types.ts";
import type { TargetOptions } from "./options.ts";

/** One line for every published port; passwords in URLs are not shown. */
export function endpoints(status: Status): string[] {
  const rows = status.services.flatMap((service) =>
    Object.entries(service.ports).map(([port, address], index, all) => ({
      name: all.length > 1 && index > 0 ? `${service.name} ${port}` : service.name,
      url: hidePassword(address.url),
    })),
  );
  const width = Math.max(0, ...rows.map((row) => row.name.length));
  return rows.map((row) => `  ${row.name.padEnd(width)}  ${row.url}`);
}

/** A URL without its password. */
export function hidePassword(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/[^:@/]*):[^@/]*@/i, "$1:***@");
}

/** The options that name this stack again, as they were given. */
export function targetArguments(options: TargetOptions): string {
  const files = (options.file ?? []).map((file) => ` -f ${quote(file)}`).join("");
  return files + (options.name === undefined ? "" : ` --name ${quote(options.name)}`);
}

const quote = (text: string) => (/^[\w./:@-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`);
