import fc from "fast-check";
import { expect, test } from "vitest";
import { findCycles } from "../../src/stack/cycles.ts";

const graph = fc
  .integer({ min: 1, max: 9 })
  .chain((size) =>
    fc.array(fc.array(fc.nat(size - 1), { maxLength: 3 }), { minLength: size, maxLength: size }),
  );
const unitsOf = (edges: readonly (readonly number[])[]) =>
  edges.map((needs, index) => ({
    name: `s${index}`,
    after: needs.map((need) => ({ service: `s${need}`, condition: "ready" as const, because: "after" })),
  }));

/** Takes away what needs nothing, again and again: what stays is on or behind a cycle. */
function hasCycle(edges: readonly (readonly number[])[]): boolean {
  const left = new Set(edges.keys());
  for (let before = -1; before !== left.size; ) {
    before = left.size;
    for (const node of left) if ((edges[node] ?? []).every((need) => !left.has(need))) left.delete(node);
  }
  return left.size > 0;
}

test("a cycle is found exactly where one is, and its path follows the dependencies back to its start", () => {
  fc.assert(
    fc.property(graph, (edges) => {
      const units = unitsOf(edges);
      const cycles = findCycles(units);
      expect(cycles.length > 0).toBe(hasCycle(edges));
      for (const cycle of cycles) {
        expect(cycle.at(-1)).toBe(cycle[0]);
        for (const [index, name] of cycle.slice(0, -1).entries()) {
          const needs = units.find((unit) => unit.name === name)?.after.map(({ service }) => service);
          expect(needs).toContain(cycle[index + 1]);
        }
      }
    }),
  );
});

test("a chain of many thousands is walked without recursion", () => {
  const edges = Array.from({ length: 20_000 }, (_, index) => (index === 0 ? [] : [index - 1]));
  expect(
    findCycles(unitsOf(edges.reverse().map((_, index) => (index + 1 < 20_000 ? [index + 1] : [])))),
  ).toEqual([]);
});
