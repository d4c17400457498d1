// Eight processes bring one stack up at once, use it, and end; so many times: one start, eight successes, one teardown.
// N=25
import { conclude, journalIn, leftoversIn, openRig, pause, runsIn, times, tiny } from "./rig.ts";

const rig = await openRig();
const count = times(25);
const misses: string[] = [];

try {
  for (let round = 1; round <= count; round += 1) await together(round);
} finally {
  rig.remove();
}
conclude(
  `eight at once on ${rig.runtime}: ${count - misses.length} of ${count} with one start, eight successes, one teardown`,
  misses,
);

async function together(round: number): Promise<void> {
  const { runtime } = rig;
  const dir = rig.folder({
    name: "shared",
    services: { a: tiny(runtime, [], 50), b: tiny(runtime, ["a"], 50) },
    exports: { B_URL: "${b.url}" },
  });
  // Each of them waits until all of them have the stack: then the first one to leave takes nothing from the others.
  const program = `
    const { readdirSync, writeFileSync } = require("node:fs");
    const text = async () => (await fetch(process.env.B_URL + "/pid")).text();
    (async () => {
      writeFileSync("user-" + process.pid, await text());
      while (readdirSync(".").filter((name) => name.startsWith("user-")).length < 8)
        await new Promise((resolve) => setTimeout(resolve, 20));
      console.log("answered by", await text());
    })();`;
  const users = Array.from({ length: 8 }, () =>
    ended(rig.cli(dir, ["run", "--runtime", runtime, "--progress", "quiet", "--", "node", "-e", program])),
  );
  const ends = await Promise.all(users);
  const wrong = ends.filter(({ code }) => code !== 0).map(({ code, text }) => `ended with ${code}: ${text}`);
  const answers = new Set(ends.map(({ text }) => /answered by (\d+)/.exec(text)?.[1]));
  if (answers.size !== 1) wrong.push(`answered by ${[...answers].join(", ")}`);
  const runs = runsIn(dir);
  if (runs.length !== 1) wrong.push(`${runs.length} runs`);
  for (const run of runs) {
    const events = journalIn(dir, run);
    for (const [type, expected] of [
      ["start.requested", 2],
      ["run.ready", 1],
      ["run.stopped", 1],
    ] as const) {
      const found = events.filter((event) => event.type === type).length;
      if (found !== expected) wrong.push(`${found} times ${type}, not ${expected}`);
    }
    wrong.push(...rig.rollcall.verifyJournal(events).map((violation) => JSON.stringify(violation)));
  }
  await pause(100);
  wrong.push(...(await leftoversIn(rig, dir)));
  if (wrong.length > 0) misses.push(`round ${round}: ${wrong.join("; ")}`);
}

function ended(
  child: ReturnType<typeof rig.cli>,
): Promise<{ readonly code: number | null; readonly text: string }> {
  let text = "";
  child.stdout?.on("data", (data) => {
    text += data;
  });
  child.stderr?.on("data", (data) => {
    text += data;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, text })));
}
