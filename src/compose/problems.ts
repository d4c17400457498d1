import { RollcallError } from "../errors/rollcall-error.ts";
import type { Note } from "../stack/types.ts";

export interface Place {
  readonly file: string;
  readonly line: number;
}

/** Gathers all mistakes and all that is not honoured, each with its place, so that everything is said at once. */
export interface Findings {
  readonly notes: Note[];
  /** A mistake, or a key whose neglect would change the stack's meaning. */
  refuse(place: Place, text: string): void;
  /** A key that is not honoured, and why that does no harm. */
  note(place: Place, text: string): void;
  /** Throws DEFINITION_INVALID with every mistake. */
  throwIfAny(): void;
}

export function createFindings(): Findings {
  const problems: string[] = [];
  const notes: Note[] = [];
  return {
    notes,
    refuse(place, text) {
      const line = `${place.file}:${place.line}: ${text}`;
      if (!problems.includes(line)) problems.push(line);
    },
    note(place, text) {
      if (!notes.some((note) => note.file === place.file && note.line === place.line && note.text === text)) {
        notes.push({ ...place, text });
      }
    },
    throwIfAny() {
      if (problems.length === 0) return;
      const count = problems.length === 1 ? "one problem" : `${problems.length} problems`;
      throw new RollcallError("DEFINITION_INVALID", {
        message: `the compose file has ${count}:\n${problems.map((problem) => `  ${problem}`).join("\n")}`,
      });
    },
  };
}
