import { type Guess, logged, said } from "../signs.ts";

/** What the program itself lacks. */
export const programGuesses: readonly Guess[] = [
  {
    id: "missing-library",
    sign: '"error while loading shared libraries"',
    cause: "It needs the library {library}, which is not installed where it runs.",
    cure: "Install the package that holds {library}, or take an image that has it.",
    find: (signs) =>
      said(/error while loading shared libraries: (?<library>[^\s:]+)/i, signs) ??
      said(/error loading shared library (?<library>[^\s:]+)/i, signs) ??
      said(/Library not loaded: (?<library>\S+)/i, signs) ??
      said(/version [`'](?<library>GLIBC(?:XX)?_[\d.]+)' not found/i, signs),
  },
  {
    id: "missing-module",
    sign: '"Cannot find module", "ModuleNotFoundError"',
    cause: "The module {module} is not installed where it runs.",
    cure: "Install its dependencies there, or build the image again.",
    find: (signs) =>
      logged(/Cannot find (?:module|package) '(?<module>[^']+)'/, signs) ??
      logged(/(?:ModuleNotFoundError|ImportError): No module named '?(?<module>[\w.]+)/, signs),
  },
  {
    id: "command-not-in-image",
    sign: '"executable file not found in $PATH"',
    cause: "The command {command} is not in the image.",
    cure: "Correct the command or entrypoint, or take an image that has it.",
    find: (signs) =>
      said(/(?:exec: )?"(?<command>[^"]+)": executable file not found/i, signs) ??
      said(/executable file `(?<command>[^`]+)` not found/i, signs) ??
      said(/unable to start container process: exec: "?(?<command>[^":]+)"?: (?:stat|no such)/i, signs),
  },
  {
    id: "postgres-as-root",
    sign: '"cannot be run as root", "root" execution is not permitted',
    cause: "PostgreSQL refuses to run as root.",
    cure: "Run it as another user; rollcall's own postgres() does so.",
    find: (signs) =>
      said(/"root" execution of the PostgreSQL server is not permitted|cannot be run as root/i, signs),
  },
  {
    id: "postgres-data-of-another-version",
    sign: '"database files are incompatible with server"',
    cause: "The data folder was written by another version of PostgreSQL.",
    cure: "Begin with fresh data (remove the volume), or take the server that wrote it.",
    find: (signs) =>
      said(
        /database files are incompatible with server|data directory was initialized by PostgreSQL version/i,
        signs,
      ),
  },
];
