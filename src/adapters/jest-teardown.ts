import { startedByJest } from "./jest-started.ts";

export default async function teardown(): Promise<void> {
  for (const started of startedByJest().splice(0)) await started.down();
}
