import { endings } from "./endings.ts";
import { playAll } from "./play.ts";

playAll("endings", endings);
