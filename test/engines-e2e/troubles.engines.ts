import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ErrorCode } from "../../src/errors/table.ts";
import type { RunEvent } from "../../src/journal/events.ts";
import type { UpOptions } from "../../src/run/types.ts";
import type { Stack } from "../../src/stack/types.ts";
import { describeEngines, type Reachable } from "../engines/engines.ts";
import { onScene, rollcall, type Scene } from "./scene.ts";
import { busybox, page, stuck } from "./units.ts";

describeEngines("A start that cannot succeed", (engine) => {
  test(
    "names a container that was killed in mid-start",
    onScene(engine, async (scene) => {
      const stack = await scene.define({ first: page(), second: stuck({ after: ["first"] }), third: page() });
      const error = await failure(scene, stack, {
        onEvent(event) {
          if (event.type !== "start.done" || event.service !== "second") return;
          void killOnceItHasBegun(scene);
        },
      });
      expectError(error, { code: "EXITED_EARLY", service: "second", signal: "SIGKILL", says: ["third"] });
      expect(error.report.logTail.join("\n")).toContain("begun");
    }),
  );

  test(
    "names an image that is missing, before anything has been started",
    onScene(engine, async (scene) => {
      await scene.define({ first: page(), second: page({ image: "localhost/no-such-image:1" }) });
      const { code, stdout } = await scene.cli("up", "--runtime", engine.kind, "--json").ended;
      expect(code).toBe(4);
      expect(JSON.parse(stdout).error).toMatchObject({
        code: "IMAGE_MISSING",
        service: "second",
        message: expect.stringContaining("localhost/no-such-image:1"),
      });
    }),
  );

  test(
    "names the architecture of an image that cannot run here",
    onScene(engine, async (scene) => {
      await scene.write({ "odd/program": `no program: ${scene.dir}` });
      chmodSync(join(scene.dir, "odd/program"), 0o755);
      const containerfileText = 'FROM scratch\nCOPY program /program\nCMD ["/program"]\n';
      const { image: _, pull: __, command: ___, ...rest } = page({ container: { platform: "linux/s390x" } });
      const stack = await scene.define({
        odd: { ...rest, build: { context: "odd", containerfileText } },
      });
      const error = await failure(scene, stack);
      expectError(error, { code: "START_FAILED", service: "odd", says: ["architecture"] });
      await removeBuilt(scene);
    }),
  );

  test(
    "says how a build failed, and leaves no layer of it",
    onScene(engine, async (scene) => {
      const text = `FROM ${busybox}\nRUN echo made-${scene.dir} >/one\nRUN echo last words; exit 9\n`;
      await scene.write({ "odd/Containerfile": text });
      const stack = await scene.define({ first: page(), odd: built("odd") });
      const error = await failure(scene, stack);
      expectError(error, { code: "IMAGE_BUILD_FAILED", service: "odd" });
      expect(error.report.logTail).toContain("last words");
      expect(await tracesOf(scene, `made-${scene.dir}`)).toEqual([]);
    }),
  );

  for (const kind of ["container", "network", "volume"] as const) {
    test(
      `names somebody else's ${kind} that has its name, and leaves it alone`,
      onScene(engine, async (scene) => {
        const files = [{ volume: "data", target: "/data" }];
        const stack = await scene.define({ first: page(), second: page({ files }) });
        let name = "";
        const error = await failure(scene, stack, {
          onEvent(event) {
            if (event.type === "run.started") name = take(engine, kind, event);
          },
        });
        scene.onEnd(() => objectOf(scene, kind, name).remove());
        expectError(error, { code: "NAME_TAKEN", says: [name] });
        expect(rollcall.errorTable[error.code].exit).toBe(5);
        await objectOf(scene, kind, name).inspect();
      }),
    );
  }
});

type Failure = InstanceType<typeof rollcall.RollcallError>;

async function failure(scene: Scene, stack: Stack, options: UpOptions = {}): Promise<Failure> {
  const outcome = await scene.up(stack, { timeoutMs: 150_000, ...options }).then(
    async (run) => {
      await run.down();
      return new Error("it got up, although it must not");
    },
    (error: unknown) => error,
  );
  if (outcome instanceof rollcall.RollcallError) return outcome;
  throw outcome;
}

function expectError(
  { report }: Failure,
  expected: {
    readonly code: ErrorCode;
    readonly service?: string;
    readonly signal?: string;
    readonly says?: readonly string[];
  },
): void {
  const { says = [], ...fields } = expected;
  const whole = JSON.stringify(report);
  expect(report, whole).toMatchObject(fields);
  for (const text of says) expect(whole).toContain(text);
}

async function killOnceItHasBegun(scene: Scene): Promise<void> {
  const [run = ""] = scene.runs;
  const log = join(scene.dir, ".rollcall/runs", run, "logs/second.log");
  await expect.poll(() => readFileSync(log, "utf8"), { timeout: 60_000 }).toContain("begun");
  const [container] = await scene.containers("second");
  const pid = container?.State.Pid ?? 0;
  if (pid > 1) process.kill(pid, "SIGKILL");
}

function built(context: string) {
  const { image: _, pull: __, ...rest } = page();
  return { ...rest, build: context };
}

/** Whatever images or containers tell of a step with this text. */
async function tracesOf({ engine }: Scene, text: string): Promise<readonly string[]> {
  const images = await engine.listImages({ all: true });
  const containers = await engine.listContainers({ all: true });
  const histories = await Promise.all(
    images.map(({ Id }) =>
      engine
        .getImage(Id)
        .history()
        .catch(() => []),
    ),
  );
  return [...histories, ...containers]
    .map((each) => JSON.stringify(each))
    .filter((each) => each.includes(text));
}

/** Images that builds made stay on purpose; those of this scene nobody wants again. */
async function removeBuilt(scene: Scene): Promise<void> {
  for (const { Id, Created, RepoTags } of await scene.engine.listImages()) {
    const ours = RepoTags?.some((tag) => tag.startsWith("localhost/rollcall-build:"));
    const fresh = Created * 1000 > Date.now() - 60_000;
    const { Architecture } = await scene.engine.getImage(Id).inspect();
    if (ours && fresh && Architecture === "s390x") await scene.engine.getImage(Id).remove({ force: true });
  }
}

/** Somebody takes the run's name before the run can: at once, while everything else waits. */
function take(
  { address }: Reachable,
  kind: "container" | "network" | "volume",
  { run }: Extract<RunEvent, { type: "run.started" }>,
): string {
  const names = {
    container: `rollcall-e2e-second-${run}`,
    network: `rollcall-${run}`,
    volume: `rollcall-${run}-data`,
  };
  const name = names[kind];
  const path = {
    container: `containers/create?name=${name}`,
    network: "networks/create",
    volume: "volumes/create",
  };
  const body =
    kind === "container"
      ? { Image: busybox, Cmd: ["true"] }
      : { Name: name, Driver: kind === "network" ? "bridge" : "local" };
  const socket = address.slice("unix://".length);
  const header = "Content-Type: application/json";
  execFileSync("curl", [
    ...["-fsS", "--unix-socket", socket, "-H", header, "-d", JSON.stringify(body)],
    `http://engine/${path[kind]}`,
  ]);
  return name;
}

function objectOf({ engine }: Scene, kind: "container" | "network" | "volume", name: string) {
  if (kind === "container") return engine.getContainer(name);
  return kind === "network" ? engine.getNetwork(name) : engine.getVolume(name);
}
