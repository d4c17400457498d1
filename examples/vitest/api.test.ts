import { expect } from "vitest";
import { test } from "./test.ts";

test("the service answers", async ({ stack }) => {
  const response = await fetch(`${stack.service("api").url()}/greeting`);
  expect(await response.text()).toBe("hello from /greeting");
  expect(process.env["API_URL"]).toBe(stack.env.API_URL);
});
