import type { Run } from "rollcall";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DataStorageClient, dataStorageClient } from "./data-storage-client.ts";
import { ownStack } from "./own-stack.ts";
import { ownLabels, ownName, workflow } from "./workflows.ts";

let run: Run | undefined;
let dataStorage: DataStorageClient;
beforeAll(async () => {
  run = await ownStack("similarity.config.ts", "similarity");
  dataStorage = dataStorageClient(run.service("datastorage").url());
});
afterAll(() => run?.down());

test("workflows of equal score are ordered by what they say", async () => {
  const labels = ownLabels();
  const seed = async (name: string, description: string) =>
    (await dataStorage.createWorkflow(workflow({ workflow_name: ownName(), labels, name, description }))).body
      .workflow_id;
  const memory = await seed("Raise the memory limit", "For a container that ran out of memory");
  const credentials = await seed("Renew credentials", "For an image that cannot be pulled");
  // On a busy machine vectors may come later than a search waits for them; then they are there for the next one.
  const order = (query: string) =>
    expect.poll(
      async () => {
        const { body } = await dataStorage.search({ filters: labels, query });
        const compared = body.workflows.every(({ similarity }) => typeof similarity === "number");
        return compared ? body.workflows.map(({ workflow_id }) => workflow_id) : "not all compared yet";
      },
      { timeout: 30_000, interval: 100 },
    );
  await order("the process was killed because memory was exhausted").toEqual([memory, credentials]);
  await order("ImagePullBackOff: registry refuses the password").toEqual([credentials, memory]);
});

test("a search outlives the embedding service", async () => {
  const labels = ownLabels();
  await dataStorage.createWorkflow(workflow({ workflow_name: ownName(), labels }));
  await run?.service("embedding").kill();
  const { status, body } = await dataStorage.search({ filters: labels, query: "a query not asked before" });
  expect(status).toBe(200);
  expect(body.workflows).toHaveLength(1);
});
