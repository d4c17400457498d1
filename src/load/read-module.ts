import { createJiti } from "jiti";
import { RollcallError } from "../errors/rollcall-error.ts";
import { definitionError } from "../stack/problem.ts";

/**
 * Executes a stack file in TypeScript or JavaScript and returns its default export. `rollcall` in it is this very
 * package, wherever the file lies.
 *
 * @throws RollcallError DEFINITION_INVALID when it cannot be read, throws, or has no default export
 */
export async function readModule(file: string): Promise<unknown> {
  // At run time only: the index re-exports this folder.
  const rollcall = await import("../index.ts");
  const jiti = createJiti(import.meta.url, {
    // A cache in a shared temporary folder would be executed as well, whoever wrote it.
    fsCache: false,
    moduleCache: false,
    virtualModules: { rollcall },
  });
  let loaded: unknown;
  try {
    loaded = await jiti.import(file);
  } catch (error) {
    if (error instanceof RollcallError) throw error;
    throw moduleError(
      file,
      "the file cannot be executed",
      messageOf(error),
      "correct the file",
      lineIn(error, file),
    );
  }
  const value = defaultOf(loaded);
  if (value === undefined) {
    throw moduleError(
      file,
      "the file has no default export",
      "none",
      "write export default defineStack({ … })",
    );
  }
  return value;
}

function defaultOf(loaded: unknown): unknown {
  return typeof loaded === "object" && loaded !== null && "default" in loaded ? loaded.default : undefined;
}

function moduleError(
  file: string,
  text: string,
  found: string,
  mend: string,
  line?: number | undefined,
): RollcallError {
  const expected = "a module whose default export is defineStack({ … })";
  return definitionError([{ path: [], line, text, expected, found, mend }], file);
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const first = (error.message.split("\n")[0] ?? "").trim();
  // The parser's own name stands in front already.
  return /^\w*Error: /.test(first) ? first : `${error.name}: ${first}`;
}

/** Parsers name "file:line:column" in the message, what was thrown has it in its stack. */
function lineIn(error: unknown, file: string): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const text = `${error.message}\n${error.stack ?? ""}`;
  const after = text.includes(file) ? text.slice(text.indexOf(file) + file.length) : "";
  const match = /^:(\d+)(?::\d+)?/.exec(after);
  return match === null ? undefined : Number(match[1]);
}
