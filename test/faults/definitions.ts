import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { engines, everywhere, type Fault, fails, processes } from "./fault.ts";
import { unit } from "./units.ts";

/** Mistakes that are told before anything is started. */
export const definitions: readonly Fault[] = [
  fails("a key that nobody knows", everywhere, (stage) => ({
    units: { a: { ...unit(stage), comand: ["x"] } as never },
    expected: { code: "DEFINITION_INVALID", says: ["comand", "services.a"] },
  })),
  fails("a reference to nobody", everywhere, (stage) => ({
    units: { a: unit(stage, {}, { env: { PEER: "${nobody.url}" } }) },
    expected: { code: "DEFINITION_INVALID", says: ["nobody"] },
  })),
  fails("services that wait for each other", everywhere, (stage) => ({
    units: { a: unit(stage, {}, { after: ["b"] }), b: unit(stage, {}, { after: ["a"] }) },
    expected: { code: "DEFINITION_INVALID", says: [/a.*b/s] },
  })),
  fails("a folder to run in that was never there", processes, (stage) => ({
    units: { a: { ...unit(stage), process: { command: ["node"], cwd: "never" } } },
    expected: { code: "DEFINITION_INVALID", says: ["never"] },
  })),
  fails("an image where there is no engine in use", processes, () => ({
    units: { a: { image: "docker.io/library/busybox:1", ready: { log: "x" } } },
    expected: { code: "RUNTIME_UNSUITABLE", service: "a", says: ["it has no process form"] },
  })),
  fails(
    "a local image that was not built",
    engines,
    (stage) => ({
      units: { a: { ...unit(stage), image: "localhost/never-built:1", pull: "never" } },
      expected: { code: "IMAGE_MISSING", service: "a", says: ["localhost/never-built:1"] },
    }),
    { short: true },
  ),
  fails("an image of a registry that is not there", engines, (stage) => ({
    units: { a: { ...unit(stage), image: "127.0.0.1:9/nobody/nothing:1", pull: "missing" } },
    expected: { code: "IMAGE_MISSING", service: "a", says: ["127.0.0.1:9/nobody/nothing:1"] },
  })),
  fails("an image whose build fails", engines, (stage) => {
    writeFileSync(
      join(stage.dir, "Containerfile"),
      "FROM docker.io/library/busybox:1\nRUN echo the-last-words && exit 3\n",
    );
    const { image: _, pull: __, ...rest } = unit(stage);
    return {
      units: { a: { ...rest, build: { context: "." } } },
      expected: { code: "IMAGE_BUILD_FAILED", service: "a", says: ["the-last-words"] },
    };
  }),
];
