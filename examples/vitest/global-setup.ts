import { createSetup } from "rollcall/vitest";
import stack from "./rollcall.config.ts";

export default createSetup({ stack, databases: ["db"] });
