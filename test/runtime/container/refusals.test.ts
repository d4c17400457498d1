import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { describeEngines } from "../../engines/engines.ts";
import { busybox, form, never, script, stackOf, unit, useRuns } from "./rig.ts";

describeEngines("What an engine cannot or must not do", (engine) => {
  const rig = useRuns(engine);
  const { newRun, readyRun } = rig;

  test("refuses a name that somebody else's container has, and leaves that alone", async () => {
    const each = script("named", "exec sleep 600");
    const { place, order, run, end } = await readyRun(each);
    const name = `rollcall-rig-named-${run.id}`;
    const { data } = await rig.runtime().engine.request("POST", "/containers/create", {
      query: { name },
      body: { Image: busybox, Cmd: ["true"] },
    });
    const { Id } = data as { Id: string };
    try {
      await expect(place.start(order(each), { signal: never })).rejects.toMatchObject({
        code: "NAME_TAKEN",
        message: expect.stringContaining(Id.slice(0, 12)),
      });
      expect(await end()).toEqual([]);
      expect((await rig.runtime().engine.request("GET", `/containers/${Id}/json`)).status).toBe(200);
    } finally {
      await rig.runtime().engine.request("DELETE", `/containers/${Id}`, { query: { force: true } });
    }
  });

  test("refuses the name of somebody else's network, and leaves that alone", async () => {
    const { place, run } = await newRun();
    const name = `rollcall-${run.id}`;
    await rig.runtime().engine.request("POST", "/networks/create", { body: { Name: name } });
    try {
      const code = "NAME_TAKEN";
      await expect(place.setUp(stackOf(), { signal: never })).rejects.toMatchObject({ code });
      expect(await place.remove({ signal: never })).toEqual([]);
      expect((await rig.runtime().engine.request("GET", `/networks/${name}`)).status).toBe(200);
    } finally {
      await rig.runtime().engine.request("DELETE", `/networks/${name}`);
    }
  });

  test("names who holds a port that is taken", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const each = script("bound", "exec sleep 600");
    const { place, order } = await readyRun(each);
    try {
      const published = [{ name: "x", container: 80, host: port }];
      await expect(place.start(order(each, published), { signal: never })).rejects.toMatchObject({
        code: "PORT_TAKEN",
        message: expect.stringContaining(`Port ${port} of bound is held by process ${process.pid}`),
      });
    } finally {
      server.close();
    }
  });

  test("says why a unit cannot be started", async () => {
    const absent = unit("absent", form(busybox, { command: [["/no/such/program"]] }));
    const unbound = script("unbound", "true", {
      files: [{ kind: "bind", source: "/no/such/folder", target: "/x", readOnly: false }],
    });
    const uncopied = script("uncopied", "true", {
      files: [{ kind: "copy", source: "/no/such/file", target: "/x", mode: undefined }],
    });
    const { place, order } = await readyRun(absent, unbound, uncopied);
    const failure = (each: typeof absent) =>
      place.start(order(each), { signal: never }).then(
        () => "started",
        (error) => ({ code: error.code, service: error.service, message: error.message, hint: error.hint }),
      );
    expect(await failure(absent)).toMatchObject({
      code: "START_FAILED",
      service: "absent",
      hint: expect.stringContaining("does not exist in the image"),
    });
    expect(await failure(unbound)).toMatchObject({
      code: "START_FAILED",
      message: expect.stringContaining("/no/such/folder, to be mounted at /x, does not exist"),
    });
    expect(await failure(uncopied)).toMatchObject({
      code: "START_FAILED",
      message: expect.stringContaining("/no/such/file"),
    });
  });

  test("refuses what it cannot do before anything starts", async () => {
    const bare = { ...script("bare", "true"), container: undefined };
    const closed = unit("closed", form(busybox, { readOnly: true }), {
      files: [{ kind: "content", content: ["x"], target: "/x", mode: undefined }],
    });
    const refusals = await rig.runtime().refusals(stackOf(bare, closed, script("fine", "true")));
    expect(refusals.map((refusal) => refusal.unit)).toEqual(["bare", "closed"]);
  });
});
