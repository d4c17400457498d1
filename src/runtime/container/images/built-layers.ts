import type { Engine } from "../engine.ts";

/** Which images a build makes on its way, read from what it says; those that it finds ready are others'. */
export function trackLayers(): { see(line: string): void; made(): readonly string[] } {
  const made: string[] = [];
  let cached = false;
  return {
    see(line) {
      // Docker: " ---> Using cache", then " ---> 0123456789ab". Podman: "--> Using cache 0123…", "--> 0123…".
      if (/-+> Using cache/.test(line)) {
        cached = true;
        return;
      }
      if (/^(?:Step|STEP) \d+/.test(line)) {
        // What follows FROM is the base.
        cached = /^(?:Step|STEP) \d+\/\d+ ?: FROM /i.test(line);
        return;
      }
      const id = /^ ?-+> ([0-9a-f]{11,64})$/.exec(line)?.[1];
      if (id === undefined) return;
      if (!cached) made.push(id);
      cached = false;
    },
    made: () => made,
  };
}

/** A build that was called off goes on for a moment. */
const busyLimitMs = 10_000;

/** A failed build leaves nothing; what another build uses by now refuses to go, and stays. */
export async function removeLayers(engine: Engine, ids: readonly string[]): Promise<void> {
  const endMs = performance.now() + busyLimitMs;
  for (const id of [...ids].reverse()) {
    while (!(await removeLayer(engine, id)) && performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function removeLayer(engine: Engine, id: string): Promise<boolean> {
  try {
    await engine.request("DELETE", `/images/${id}`, { query: { noprune: true }, accept: [404] });
    return true;
  } catch {
    return false;
  }
}
