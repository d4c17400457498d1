import { writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { Command } from "commander";
import { RollcallError } from "../errors/rollcall-error.ts";
import { runCommand, type Session } from "./session.ts";

interface ImportOptions {
  readonly output?: string;
  readonly profile?: readonly string[];
  readonly force?: boolean;
}

export function importCommand(): Command {
  return new Command("import")
    .description("turn compose files into a rollcall stack file, and say what was mapped, ignored, refused")
    .argument("<file...>", "compose files, later ones over earlier ones")
    .option("-o, --output <path>", "the file to write; - for stdout; default: rollcall.yaml beside the first")
    .option("--profile <name...>", "profiles that take part")
    .option("--force", "overwrite the file")
    .action((files: readonly string[], options: ImportOptions) =>
      runCommand({}, async (session) => {
        const { loadCompose } = await import("../compose/load.ts");
        const { describeImport, stackFileText } = await import("../compose/import.ts");
        const stack = await loadCompose(files, { cwd: process.cwd(), profiles: options.profile ?? [] });
        const from = files.join(", ");
        if (options.output === "-") {
          session.print(stackFileText(stack, { from }).trimEnd());
          session.warn(describeImport(stack).join("\n"));
          return 0;
        }
        const path = resolve(options.output ?? join(stack.dir, "rollcall.yaml"));
        const dir = relative(dirname(path), stack.dir);
        await write(path, stackFileText(stack, { from, ...(dir === "" ? {} : { dir }) }), options);
        tell(session, path, describeImport(stack));
        return 0;
      }),
    );
}

/** It may hold passwords: only its owner reads it. */
async function write(path: string, text: string, { force = false }: ImportOptions): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: force ? "w" : "wx" });
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === "EEXIST";
    throw new RollcallError("USAGE", {
      message: exists ? `${path} exists.` : `${path} cannot be written: ${(cause as Error).message}`,
      hint: exists ? "Name another file with --output, or overwrite it with --force." : "Check the path.",
      cause,
    });
  }
}

function tell(session: Session, path: string, lines: readonly string[]): void {
  session.print([`${path} is written`, ...lines].join("\n"));
}
