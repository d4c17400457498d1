import { test as base } from "@playwright/test";
import { stackFixtures } from "rollcall/playwright";
import stack from "./rollcall.config.ts";

export const test = base.extend(stackFixtures(stack, { database: "db" }));
