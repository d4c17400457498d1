import { existsSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { quoted } from "../util/quoted.ts";
import type { Path, Problems } from "./problem.ts";
import { parseTemplate, referenceText } from "./template.ts";
import type { Reference, Template } from "./types.ts";

/** A reference as written, with its cause for the plan. */
export interface FoundReference {
  readonly reference: Reference;
  readonly path: Path;
  /** "env DB_HOST". */
  readonly from: string;
}

/** Where in the definition a unit is being read, and what is collected meanwhile. */
export interface Context {
  /** The unit; undefined: the exports. */
  readonly unit: string | undefined;
  readonly dir: string;
  readonly path: Path;
  readonly problems: Problems;
  readonly references: FoundReference[];
}

/** Reads a text with references; those that cannot be read become problems. */
export function readTemplate(context: Context, path: Path, text: string, from: string): Template {
  const parsed = parseTemplate(text);
  if (!parsed.ok) {
    for (const wrong of parsed.wrong) {
      context.problems.add({
        path,
        text: `${quoted(wrong)} is not a reference`,
        expected: "${service.host}, ${service.port}, ${service.url} or ${service.ports.NAME.url}",
        found: quoted(wrong),
        mend: "correct it, or write $${ for a plain ${",
      });
    }
    return [];
  }
  return parsed.template.map((part) => {
    if (typeof part === "string") return part;
    const reference = ofSelf(context, path, part);
    context.references.push({ reference, path, from });
    return reference;
  });
}

/** `self` is the unit itself: where it must listen. Its own name there is a mistake: that is where others find it. */
function ofSelf(context: Context, path: Path, reference: Reference): Reference {
  if (context.unit === undefined) return reference;
  if (reference.service === "self") return { ...reference, service: context.unit };
  if (reference.service !== context.unit) return reference;
  context.problems.add({
    path,
    text: `"${context.unit}" refers to itself`,
    expected: "another service, or self",
    found: `\${${referenceText(reference)}}`,
    mend: `write \${${referenceText({ ...reference, service: "self" })}}`,
  });
  return reference;
}

/** An absolute path; a file that must exist and does not is a problem. */
export function readPath(context: Context, path: Path, text: string, from = context.dir): string {
  const absolute = isAbsolute(text) ? text : resolve(from, text);
  if (!existsSync(absolute)) {
    context.problems.add({
      path,
      text: `${quoted(text, 200)} does not exist`,
      expected: "a file or folder that exists, relative to the folder of the stack",
      found: `nothing at ${quoted(absolute, 300)}`,
      mend: "create it, or correct the path",
    });
  }
  return absolute;
}
