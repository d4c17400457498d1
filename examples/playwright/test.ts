import { test as base } from "@playwright/test";
import { type DatabaseContext, stackFixtures } from "rollcall/playwright";
import stack from "./rollcall.config.ts";

export const test = base.extend<DatabaseContext<typeof stack>>(stackFixtures(stack, { database: "db" }));
