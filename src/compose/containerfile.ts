import { existsSync, readFileSync } from "node:fs";

/** What the last stage of a Containerfile says of the image that it makes. */
export interface ContainerfileFacts {
  readonly exposed: readonly number[];
  /** Arguments of HEALTHCHECK after CMD, in the form of a compose file's `test`. */
  readonly healthcheck: readonly string[] | undefined;
  readonly options: Readonly<Record<string, string>>;
}

const none: ContainerfileFacts = { exposed: [], healthcheck: undefined, options: {} };

export function readContainerfile(path: string): ContainerfileFacts {
  return existsSync(path) ? factsOf(readFileSync(path, "utf8")) : none;
}

export function factsOf(text: string): ContainerfileFacts {
  let facts = none;
  const lines = text
    .replace(/^\s*#.*$/gm, "")
    .replace(/\\[ \t]*\r?\n/g, " ")
    .split(/\r?\n/);
  for (const line of lines) {
    const [, instruction = "", rest = ""] = /^\s*([A-Za-z]+)\s+(.*?)\s*$/.exec(line) ?? [];
    switch (instruction.toUpperCase()) {
      case "FROM":
        facts = none;
        break;
      case "EXPOSE":
        facts = { ...facts, exposed: [...facts.exposed, ...portsOf(rest)] };
        break;
      case "HEALTHCHECK":
        facts = { ...facts, ...healthcheckOf(rest) };
        break;
    }
  }
  return facts;
}

function portsOf(text: string): number[] {
  return text
    .split(/\s+/)
    .filter((word) => /^\d+(\/tcp)?$/.test(word))
    .map((word) => Number(word.replace("/tcp", "")));
}

function healthcheckOf(text: string): Pick<ContainerfileFacts, "healthcheck" | "options"> {
  const [, flags = "", command] = /^((?:--[a-z-]+=\S+\s+)*)(?:CMD\s+)?([\s\S]*)$/.exec(text) ?? [];
  const options = Object.fromEntries(
    [...flags.matchAll(/--([a-z-]+)=(\S+)/g)].map(([, name = "", value = ""]) => [
      name.replace(/-/g, "_"),
      value,
    ]),
  );
  if (command === undefined || command === "NONE") return { healthcheck: undefined, options: {} };
  return { healthcheck: testOf(command), options };
}

function testOf(command: string): readonly string[] {
  try {
    const words: unknown = JSON.parse(command);
    if (Array.isArray(words)) return ["CMD", ...words.map(String)];
  } catch {
    // The shell's form.
  }
  return ["CMD-SHELL", command];
}
