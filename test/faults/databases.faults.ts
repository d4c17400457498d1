import { databases } from "./databases.ts";
import { playAll } from "./play.ts";

playAll("databases", databases);
