import { RollcallError } from "../../../errors/rollcall-error.ts";
import type { Engine } from "../engine.ts";
import { EngineRefusal } from "../engine-refusal.ts";
import { errorOf, jsonLines, type ProgressLine } from "./json-lines.ts";
import { registryOf } from "./reference.ts";
import { registryAuth } from "./registry-auth.ts";

/** A registry that says nothing for so long counts as unreachable. */
const silenceLimitMs = 60_000;
const progressIntervalMs = 500;

export interface Pull {
  readonly unit: string;
  /** With its registry. */
  readonly reference: string;
  readonly platform: string | undefined;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/** Throws IMAGE_MISSING with what the engine said. */
export async function pullImage(engine: Engine, pull: Pull): Promise<void> {
  const { reference, platform, signal, progress, unit } = pull;
  const silence = new AbortController();
  const said = `nothing for ${silenceLimitMs / 1000} s`;
  const timer = setTimeout(() => silence.abort(new Error(said)), silenceLimitMs);
  try {
    progress(`pulling ${reference}`);
    const stream = await engine.stream("POST", "/images/create", {
      query: { fromImage: reference, ...(platform === undefined ? {} : { platform }) },
      headers: await registryAuth(registryOf(reference)),
      signal: AbortSignal.any([signal, silence.signal]),
      limitMs: silenceLimitMs,
    });
    const layers = new Map<string, ProgressLine>();
    let toldMs = performance.now();
    for await (const line of jsonLines(stream)) {
      timer.refresh();
      const error = errorOf(line);
      if (error !== undefined) throw new EngineRefusal("POST", "/images/create", 500, error);
      const text = pullProgress(layers, line);
      // Engines tell every few kilobytes.
      if (text === undefined || performance.now() - toldMs < progressIntervalMs) continue;
      toldMs = performance.now();
      progress(text);
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const what = error instanceof EngineRefusal ? error.said : silence.signal.aborted ? said : undefined;
    if (what === undefined) throw error;
    throw new RollcallError("IMAGE_MISSING", {
      service: unit,
      message: `The image ${reference} of ${unit} is not there and could not be pulled. The engine said: ${what}`,
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Sums over the layers, so that one line tells how far it is. */
function pullProgress(layers: Map<string, ProgressLine>, line: ProgressLine): string | undefined {
  if (line.id === undefined) return line.status ?? line.stream?.trim();
  layers.set(
    line.id,
    line.progressDetail?.total === undefined ? { ...layers.get(line.id), status: line.status ?? "" } : line,
  );
  let current = 0;
  let total = 0;
  for (const { progressDetail } of layers.values()) {
    current += progressDetail?.current ?? 0;
    total += progressDetail?.total ?? 0;
  }
  const amount = total === 0 ? "" : `, ${megabytes(current)} of ${megabytes(total)} MB`;
  return `${line.status ?? ""} (${layers.size} layers${amount})`;
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
