import { playAll } from "./play.ts";
import { signals } from "./signals.ts";

playAll("signals", signals);
