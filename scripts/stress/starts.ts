// A stack of five tiny services with random delays and shuffled edges, brought up and taken down so many times:
// no false readiness, no violation in any journal, nothing left.  N=1000 AT_ONCE=2
import { conclude, journalIn, leftoversIn, openRig, runsIn, times, tiny } from "./rig.ts";

const rig = await openRig();
const count = times(1000);
const atOnce = Number(process.env["AT_ONCE"] ?? 2);
const misses: string[] = [];
const tookMs: number[] = [];
let next = 1;

try {
  await Promise.all(Array.from({ length: atOnce }, work));
} finally {
  rig.remove();
}
tookMs.sort((a, b) => a - b);
const at = (share: number) => Math.round(tookMs[Math.floor(share * (tookMs.length - 1))] ?? 0);
conclude(
  `starts on ${rig.runtime}: ${count - misses.length} of ${count} without false readiness, violation or leftover (median ${at(0.5)} ms, 99 % ${at(0.99)} ms)`,
  misses,
);

async function work(): Promise<void> {
  for (let number = next; number <= count; number = next) {
    next += 1;
    await startOnce(number).catch((error: unknown) => {
      misses.push(`start ${number}: ${tell(error)}`);
    });
    if (number % 100 === 0) process.stdout.write(`  ${number} of ${count}\n`);
  }
}

/** With what was seen last: a miss is rare, and its evidence must not be lost. */
function tell(error: unknown): string {
  if (!(error instanceof rig.rollcall.RollcallError)) return String(error);
  const { observed, attempts, logTail } = error.report;
  return `${error.message} Last seen: ${observed} (${attempts} looks); its log: ${logTail.join(" | ")}`;
}

async function startOnce(number: number): Promise<void> {
  const { rollcall, runtime } = rig;
  const delays = new Map(shuffled(["a", "b", "c", "d", "e"]).map((name) => [name, Math.random() * 150]));
  const names = [...delays.keys()];
  const services = names.map((name, index) => {
    const after = names.slice(0, index).filter(() => Math.random() < 0.4);
    return [name, tiny(runtime, after, delays.get(name) ?? 0)] as const;
  });
  const order = Math.random() < 0.5 ? "sequential" : "dependency";
  const dir = rig.folder({ name: "many", order, services: Object.fromEntries(services) });
  const stack = await rollcall.loadStack(dir, { cwd: dir });
  const began = performance.now();
  const run = await rollcall.up(stack, { runtime });
  tookMs.push(performance.now() - began);
  const false_: string[] = [];
  for (const name of names) {
    // Asked at once: whoever was said to be ready answers.
    const answer = await fetch(`${run.service(name).url()}/health`).then(
      ({ status }) => String(status),
      (error: unknown) => String(error),
    );
    if (answer !== "200") false_.push(`${name} answered ${answer}`);
  }
  const [id = ""] = runsIn(dir);
  await run.down();
  const events = journalIn(dir, id);
  for (const [name, delay] of delays) {
    const opened = events.find((event) => event.type === "gate.opened" && event.service === name);
    if (opened?.type !== "gate.opened" || opened.tookMs < Math.floor(delay))
      false_.push(`${name}'s gate opened before it listened`);
  }
  const violations = rollcall.verifyJournal(events).map((violation) => JSON.stringify(violation));
  const left = await leftoversIn(rig, dir);
  const wrong = [...false_, ...violations, ...left];
  if (wrong.length > 0) misses.push(`start ${number}: ${wrong.join("; ")}`);
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  const rest = [...items];
  const result: Item[] = [];
  while (rest.length > 0) result.push(...rest.splice(Math.floor(Math.random() * rest.length), 1));
  return result;
}
