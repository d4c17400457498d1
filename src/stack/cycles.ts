import type { Problems } from "./problem.ts";
import type { Unit } from "./types.ts";

/** Cycles that together touch every unit which can never start; each from its first unit back to it. */
export function findCycles(units: readonly Pick<Unit, "name" | "after">[]): readonly (readonly string[])[] {
  const needs = new Map(units.map((unit) => [unit.name, unit.after.map(({ service }) => service)]));
  const done = new Set<string>();
  const cycles: string[][] = [];
  for (const { name } of units) walk(name);
  return cycles;

  // Own stack instead of recursion: a chain of ten thousand services is somebody's generated file.
  function walk(start: string): void {
    if (done.has(start)) return;
    const trail = [{ name: start, next: 0 }];
    const onTrail = new Set([start]);
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const need = needs.get(top.name)?.[top.next++];
      if (need === undefined) {
        trail.pop();
        onTrail.delete(top.name);
        done.add(top.name);
      } else if (onTrail.has(need)) {
        const names = trail.map(({ name }) => name);
        cycles.push([...names.slice(names.indexOf(need)), need]);
      } else if (!done.has(need)) {
        trail.push({ name: need, next: 0 });
        onTrail.add(need);
      }
    }
  }
}

export function checkCycles(units: readonly Unit[], problems: Problems): void {
  for (const cycle of findCycles(units)) {
    const causes = cycle.slice(0, -1).map((name, index) => {
      const need = cycle[index + 1];
      const because = units
        .find((unit) => unit.name === name)
        ?.after.find((one) => one.service === need)?.because;
      return `${name} needs ${need} (${because})`;
    });
    problems.add({
      path: ["services", cycle[0] ?? ""],
      text: `these wait for each other: ${cycle.join(" → ")}`,
      expected: "an order in which every service comes after what it needs",
      found: causes.join(", "),
      mend: "remove one of them",
    });
  }
}
