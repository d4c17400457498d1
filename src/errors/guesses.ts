import { accessGuesses } from "./guesses/access.ts";
import { answerGuesses } from "./guesses/answer.ts";
import { endingGuesses } from "./guesses/ending.ts";
import { logGuesses } from "./guesses/log.ts";
import { machineGuesses } from "./guesses/machine.ts";
import { programGuesses } from "./guesses/program.ts";
import type { Guess } from "./signs.ts";

/** In order: the first that fits is told, so the particular come before the general. */
export const guesses: readonly Guess[] = [
  ...machineGuesses,
  ...programGuesses,
  ...accessGuesses,
  ...answerGuesses,
  ...logGuesses,
  ...endingGuesses,
];
