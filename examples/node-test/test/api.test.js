import assert from "node:assert/strict";
import { it } from "node:test";
import { useStack } from "rollcall/node-test";
import definition from "../rollcall.config.js";

const stack = await useStack(definition);

it("the service answers", async () => {
  const response = await fetch(`${stack.service("api").url()}/greeting`);
  assert.equal(await response.text(), "hello from /greeting");
  assert.equal(process.env.API_URL, stack.env.API_URL);
});
