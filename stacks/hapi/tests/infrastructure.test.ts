import { expect, test } from "vitest";
import { startInfrastructure, stopInfrastructure } from "../infrastructure.ts";
import { endpoints } from "./endpoints.ts";
import { runtimeOfStack } from "./own-stack.ts";

test("the orchestrator attaches to the stack that is up, gives its addresses, and leaves it up", async () => {
  const orchestrator = await startInfrastructure({ verbose: false, ...runtimeOfStack() });
  expect(orchestrator.dataStorageUrl).toBe(endpoints.dataStorage);
  expect(orchestrator.embeddingUrl).toBe(endpoints.embedding);
  expect(orchestrator.env["DATABASE_URL"]).toBe(endpoints.database);
  await orchestrator.startAll();
  await stopInfrastructure(orchestrator);
  await orchestrator.stopAll();
  expect(() => orchestrator.env).toThrow("startAll");
  expect((await fetch(`${endpoints.dataStorage}/health`)).status).toBe(200);
});
