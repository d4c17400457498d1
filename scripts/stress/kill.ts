// The owner is killed at a random moment, so many times: nothing may be left three seconds later.
// N=200 RUNTIME=process PATIENCE=1 (times three seconds, for a machine with more work than processors)
import { once } from "node:events";
import { untilOrphaned } from "../../test/faults/until-orphaned.ts";
import { conclude, leftoversIn, openRig, pause, times, tiny } from "./rig.ts";

const rig = await openRig();
const count = times(rig.runtime === "process" ? 200 : 50);
const limitMs = 3000 * Number(process.env["PATIENCE"] ?? 1);
const misses: string[] = [];
const gone: number[] = [];
let longestMs = 3000;

try {
  for (let attempt = 1; attempt <= count; attempt += 1) await killOnce(attempt);
} finally {
  rig.remove();
}
gone.sort((a, b) => a - b);
const within = gone.filter((ms) => ms <= limitMs).length;
const median = Math.round(gone[Math.floor(gone.length / 2)] ?? 0);
conclude(
  `kill on ${rig.runtime}: ${within} of ${count} with nothing left after ${limitMs} ms (median ${median} ms, longest ${Math.round(gone.at(-1) ?? 0)} ms)`,
  misses,
);

async function killOnce(attempt: number): Promise<void> {
  const { runtime } = rig;
  const dir = rig.folder({
    name: "killed",
    services: { a: tiny(runtime, [], 50), b: tiny(runtime, ["a"], 200), c: tiny(runtime, ["b"], 50) },
  });
  const owner = rig.cli(dir, ["run", "--runtime", runtime, "--", "node", "-e", untilOrphaned]);
  const ended = once(owner, "exit");
  // From before rollcall's first line to some time after the start, as far as the last start took.
  await pause(Math.random() * longestMs);
  owner.kill("SIGKILL");
  await ended;
  const killedAt = performance.now();
  let left = await leftoversIn(rig, dir);
  while (performance.now() - killedAt < limitMs * 4 && left.length > 0) {
    await pause(50);
    left = await leftoversIn(rig, dir);
  }
  const tookMs = performance.now() - killedAt;
  gone.push(tookMs);
  // What was about to appear when it was looked first has had time to do so.
  await pause(Math.max(0, Math.min(500, limitMs - tookMs)));
  const later = await leftoversIn(rig, dir);
  if (tookMs > limitMs || later.length > 0)
    misses.push(`attempt ${attempt} after ${Math.round(tookMs)} ms: ${[...left, ...later].join("; ")}`);
  longestMs = Number(process.env["MOMENT_MS"] ?? longestMs);
}
