import { definitions } from "./definitions.ts";
import { playAll } from "./play.ts";

playAll("definitions", definitions);
