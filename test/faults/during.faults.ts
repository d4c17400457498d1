import { during } from "./during.ts";
import { playAll } from "./play.ts";

playAll("during", during);
