import { readFile } from "node:fs/promises";
import { RollcallError } from "../../errors/rollcall-error.ts";
import type { Instance } from "../types.ts";
import type { ProvidedImage } from "./images/images.ts";

/** A program that the kernel cannot run ends at once; emulation, where there is any, runs on. */
const endsWithinMs = 2000;

/** An image for another architecture may run by emulation; where it ends at once, that is the reason to name. */
export async function explainWrongArchitecture(
  unit: string,
  image: ProvidedImage,
  instance: Instance,
  logFile: string,
): Promise<void> {
  const engineArchitecture = await image.engineArchitecture;
  if (image.architecture === engineArchitecture) return;
  let timer: NodeJS.Timeout | undefined;
  const runsOn = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), endsWithinMs);
  });
  const exit = await Promise.race([instance.exited, runsOn]);
  clearTimeout(timer);
  if (exit === undefined || exit.exitCode === 0) return;
  const log = await readFile(logFile, "utf8").catch(() => "");
  throw new RollcallError("START_FAILED", {
    service: unit,
    message:
      `${unit} ended at once: its image ${image.name} is for ${image.architecture}, ` +
      `and the engine runs on ${engineArchitecture}.`,
    hint: "Use an image for this architecture, name the platform, or set up emulation (binfmt).",
    exitCode: exit.exitCode,
    signal: exit.signal,
    logTail: log.trim().split("\n").slice(-10),
  });
}
