/** A name as SQL has it, whatever is in it: `my "db"` becomes `"my ""db"""`. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
