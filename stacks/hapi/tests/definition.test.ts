import { join } from "node:path";
import { loadStack, planStack } from "rollcall";
import { expect, test } from "vitest";

const load = (file: string) => loadStack(join(import.meta.dirname, "..", file), { cwd: process.cwd() });

test("the YAML file says the same as the TypeScript file", async () => {
  const [typescript, yaml] = await Promise.all([load("rollcall.config.ts"), load("hapi.yaml")]);
  expect({ ...yaml, file: undefined }).toEqual({ ...typescript, file: undefined });
});

test("the four services start in the design document's order, within its budgets", async () => {
  const { steps } = planStack(await load("rollcall.config.ts"));
  expect(steps.map(({ unit }) => [unit.name, unit.budgetMs])).toEqual([
    ["postgres", 30_000],
    ["redis", 10_000],
    ["datastorage", 30_000],
    ["embedding", 30_000],
  ]);
});

test("with similarity the embedding service comes before DataStorage, because it is referred to", async () => {
  const { steps } = planStack(await load("similarity.config.ts"));
  expect(steps.map(({ unit }) => unit.name)).toEqual(["postgres", "redis", "embedding", "datastorage"]);
  expect(steps[3]?.gates.map(({ because }) => because)).toContain(
    "env EMBEDDING_URL refers to embedding.url",
  );
});
