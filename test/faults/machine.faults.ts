import { machine } from "./machine.ts";
import { playAll } from "./play.ts";

playAll("machine", machine);
