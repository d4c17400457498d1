import { expect, inject, test } from "vitest";
import { createDatabase, serviceEnv, startService } from "./rig/service.ts";

test("smoke", async () => {
  const stores = { postgresPort: inject("postgresPort"), redisPort: inject("redisPort") };
  const db = await createDatabase(stores.postgresPort);
  const service = await startService(serviceEnv(stores, db));
  console.log(service.listeningAfterMs);
  for (const p of [
    "/health",
    "/health/ready",
    "/health/live",
    "/metrics",
    "/openapi.json",
    "/api/v1/workflows",
    "/api/v1/audit/events",
  ]) {
    const a = await service.client.get(p);
    console.log(p, a.status, a.text.slice(0, 200));
    expect(a.status).toBe(200);
  }
  expect(await service.stop()).toBe(0);
  const again = await startService(serviceEnv(stores, db));
  console.log(again.listeningAfterMs);
  await again.stop();
});
