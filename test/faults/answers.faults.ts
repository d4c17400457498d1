import { answers } from "./answers.ts";
import { playAll } from "./play.ts";

playAll("answers", answers);
