import { foreign } from "./foreign.ts";
import { playAll } from "./play.ts";

playAll("foreign", foreign);
