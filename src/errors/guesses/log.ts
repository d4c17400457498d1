import { type Guess, logged, said } from "../signs.ts";

/** What its log complains of; less particular, so they come late. */
export const logGuesses: readonly Guess[] = [
  {
    id: "dependency-refused",
    sign: '"connection refused" in its log',
    cause: "It could not connect to what it needs{needs}: {said}.",
    cure: "Check the address that it was given; refer to the peer by a reference, and put it in `after` so that it is ready before.",
    find: (signs) => {
      const found = logged(/(?:\S+ )?(?:ECONNREFUSED|connection refused)(?:[^\n]{0,60})/i, signs);
      return found && { ...found, needs: signs.needs.length === 0 ? "" : ` (${signs.needs.join(", ")})` };
    },
  },
  {
    id: "configuration-missing",
    sign: '"is required", "missing environment variable", "KeyError"',
    cause: "A setting is missing: {said}.",
    cure: "Give it in the unit's env or envFile.",
    find: (signs) =>
      logged(
        /(?:missing (?:required )?(?:environment variable|env var|config\w*)|environment variable \S+ (?:is )?(?:not set|required|missing)|KeyError: '[A-Z_]+')[^\n]{0,80}/i,
        signs,
      ),
  },
  {
    id: "permission-denied",
    sign: '"permission denied", EACCES',
    cause: "It may not read, write or run something: {said}.",
    cure: "Correct the owner or the mode; on SELinux hosts a mounted folder also needs its label (`:z`).",
    find: (signs) => said(/(?<!\S)[^\n]{0,80}(?:permission denied|EACCES)[^\n]{0,60}/i, signs),
  },
  {
    id: "file-missing",
    sign: '"no such file or directory", ENOENT',
    cause: "A file is missing where it runs: {said}.",
    cure: "Mount or copy it, or correct the path.",
    find: (signs) => said(/(?<!\S)[^\n]{0,80}(?:no such file or directory|ENOENT)[^\n]{0,60}/i, signs),
  },
];
