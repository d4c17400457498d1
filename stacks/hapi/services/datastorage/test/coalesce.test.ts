import { expect, test } from "vitest";
import { coalesce } from "../src/audit/coalesce.ts";
import { type AuditEvent, completeEvent } from "../src/audit/event.ts";
import { DatabaseFailure } from "../src/database/failure.ts";
import { auditEvent } from "./rig/samples.ts";

function event(n: number): AuditEvent {
  return completeEvent({ ...auditEvent({ event_data: { n } }) } as never);
}

/** An insert that the test lets go on. */
function createGate() {
  const calls: { events: readonly AuditEvent[]; resolve: () => void; reject: (error: Error) => void }[] = [];
  const insert = (events: readonly AuditEvent[]) =>
    new Promise<void>((resolve, reject) => void calls.push({ events, resolve, reject }));
  return { calls, insert };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("those who come while statements run share the next one", async () => {
  const { calls, insert } = createGate();
  const together = coalesce(insert);
  const all = Array.from({ length: 10 }, (_, n) => together([event(n)]));
  expect(calls.map(({ events }) => events.length)).toEqual([1, 1, 1, 1]);
  calls[0]?.resolve();
  await all[0];
  await settled();
  expect(calls.map(({ events }) => events.length)).toEqual([1, 1, 1, 1, 6]);
  for (const { resolve } of calls) resolve();
  await Promise.all(all);
});

test("when a shared statement is refused, only the guilty one fails", async () => {
  const { calls, insert } = createGate();
  const together = coalesce(insert);
  const all = Array.from({ length: 6 }, (_, n) => together([event(n)]));
  const results = Promise.allSettled(all);
  for (const { resolve } of calls.slice(0, 4)) resolve();
  await settled();
  expect(calls[4]?.events).toHaveLength(2);
  calls[4]?.reject(new Error("refused"));
  await settled();
  calls[5]?.resolve();
  calls[6]?.reject(new Error("refused"));
  expect((await results).map(({ status }) => status)).toEqual([...Array(5).fill("fulfilled"), "rejected"]);
});

test("when PostgreSQL is away those who wait are told at once", async () => {
  const { calls, insert } = createGate();
  const together = coalesce(insert);
  const all = Array.from({ length: 6 }, (_, n) => together([event(n)]));
  const results = Promise.allSettled(all.slice(4));
  const first = Promise.allSettled(all.slice(0, 1));
  calls[0]?.reject(new DatabaseFailure(new Error("ECONNREFUSED")));
  expect((await first)[0]?.status).toBe("rejected");
  expect((await results).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  for (const { resolve } of calls.slice(1)) resolve();
});

test("a large batch goes alone", async () => {
  const { calls, insert } = createGate();
  const together = coalesce(insert);
  const done = together(Array.from({ length: 30 }, (_, n) => event(n)));
  expect(calls).toHaveLength(1);
  calls[0]?.resolve();
  await done;
});
