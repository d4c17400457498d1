import type { Run } from "rollcall";
import { afterAll, beforeAll, expect, test } from "vitest";
import { auditEvent } from "./audit-event.ts";
import { type DataStorageClient, dataStorageClient } from "./data-storage-client.ts";
import { ownStack } from "./own-stack.ts";

let run: Run;
let dataStorage: DataStorageClient;
beforeAll(async () => {
  run = await ownStack("rollcall.config.ts", "outage");
  dataStorage = dataStorageClient(run.service("datastorage").url());
});
afterAll(() => run?.down());

test("audit events of an outage of PostgreSQL are kept, and written once it is back", async () => {
  const before = auditEvent();
  expect((await dataStorage.writeEvent(before)).status).toBe(201);

  await run.service("postgres").kill();
  const during = auditEvent();
  expect(await dataStorage.writeEvent(during)).toMatchObject({
    status: 202,
    body: { status: "accepted", message: "audit event queued for async processing" },
  });
  expect((await dataStorage.get("/health")).status).toBe(503);

  await run.service("postgres").restart();
  for (const { correlation_id } of [before, during]) {
    await expect
      .poll(
        async () =>
          (
            await dataStorage.get<{ data: unknown[] }>(
              `/api/v1/audit/events?correlation_id=${correlation_id}`,
            )
          ).body.data?.length,
        {
          timeout: 45_000,
          interval: 200,
        },
      )
      .toBe(1);
  }
  expect((await dataStorage.writeEvent(auditEvent())).status).toBe(201);
});
