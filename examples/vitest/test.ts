import { stackFixtures } from "rollcall/vitest";
import { test as base } from "vitest";
import stack from "./rollcall.config.ts";

export const test = base.extend(stackFixtures(stack, { database: "db" }));
