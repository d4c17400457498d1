import { expect } from "@playwright/test";
import { test } from "./test.ts";

test("the site started with the stack's address", async ({ request, stack }) => {
  expect(await (await request.get("/")).text()).toBe("hello from /site");
  expect(process.env["API_URL"]).toBe(stack.env.API_URL);
});
